module seqdemand

go 1.21
