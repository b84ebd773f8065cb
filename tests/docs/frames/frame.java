// SPDX-License-Identifier: Apache-2.0
// What Java blocks of the pages are put into. See tests/docs/blocks.py.
import java.util.List;
import java.util.Map;
import seqdemand.*;

public class Block {
    public static void main(String[] arguments) throws Exception {
{{block}}
    }
}
