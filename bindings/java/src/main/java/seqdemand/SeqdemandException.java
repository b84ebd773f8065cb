// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import java.util.Arrays;

/** A call of the library failed: its message names the file, line, column, series or option at fault. */
public final class SeqdemandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of failure: the SEQD_E_ constants of the C header. */
    public enum Status {
        /** An index out of range, sizes that do not fit together. */
        ARG(-10),
        /** The call does not fit the state of the object. */
        STATE(-11),
        /** The model is being trained by another trainer. */
        BUSY(-12),
        /** An unknown option, or a value it does not accept. */
        OPTION(-13),
        /** Out of memory. */
        NOMEM(-20),
        /** A limit of the library object would be passed. */
        LIMIT(-21),
        /** A file could not be opened, read or written. */
        IO(-30),
        /** The file is not what it should be, or is damaged. */
        FORMAT(-31),
        /** The file was written by a newer library. */
        VERSION(-32),
        /** A value, a date or a row that cannot be used. */
        DATA(-33),
        /** Training left the finite numbers. */
        DIVERGED(-40),
        /** Not available in this build, on this machine, or of this model. */
        UNSUPPORTED(-50),
        /** A defect of the library. */
        INTERNAL(-60),
        /** Of a newer library than this class. */
        OTHER(0);

        private final int code;

        Status(int code) {
            this.code = code;
        }

        static Status of(int code) {
            return Arrays.stream(values()).filter(status -> status.code == code).findFirst().orElse(OTHER);
        }
    }

    private final int code;
    private final long line;
    private final long column;

    SeqdemandException(int code, long line, long column, String message) {
        super(message);
        this.code = code;
        this.line = line;
        this.column = column;
    }

    /** What kind of failure. */
    public Status status() {
        return Status.of(code);
    }

    /** The number of the status in the C header. */
    public int code() {
        return code;
    }

    /** Line of a text input, from 1; 0 where there is none. */
    public long line() {
        return line;
    }

    /** Field of that line, from 1; 0 where there is none. */
    public long column() {
        return column;
    }
}
