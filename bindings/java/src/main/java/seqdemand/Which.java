// SPDX-License-Identifier: Apache-2.0
package seqdemand;

/** Which events of a sequence are asked. In the order of the C constants. */
public enum Which {
    /** After the last event: what will come. */
    END,
    /** After the last event whose label is known. */
    LABELLED,
    /** After every event whose label is known. */
    EVERY
}
