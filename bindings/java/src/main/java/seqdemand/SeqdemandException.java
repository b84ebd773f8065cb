// SPDX-License-Identifier: Apache-2.0
package seqdemand;

/** A call of the library failed: its message names the file, line, column, series or option at fault. */
public final class SeqdemandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final long line;
    private final long column;

    SeqdemandException(Lib.ErrorInfo error) {
        super(com.sun.jna.Native.toString(error.message, "UTF-8"));
        status = error.status;
        line = error.line;
        column = error.column;
    }

    /** The number of the header's SEQD_E_ constants. */
    public int status() {
        return status;
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
