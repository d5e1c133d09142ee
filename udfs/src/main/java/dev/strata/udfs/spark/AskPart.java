package dev.strata.udfs.spark;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.engine.Ask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the engine is asked at once for a question: all of it, unless a text goes in windows. */
// The tokens go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
record AskPart(int[] tokens, Ask ask) {

  /**
   * The scores of a text in windows: each scores the tokens that the one before it does not reach.
   *
   * @param from the first token that is scored, at least 1
   * @param context the most tokens of a window
   */
  static List<AskPart> windows(int[] tokens, int from, Readout.Windows windows, int context) {
    int most = windows == null ? tokens.length : windows.tokens(context);
    int stride = windows == null ? tokens.length : windows.stride(context);
    List<AskPart> parts = new ArrayList<>();
    int begin = 0;
    for (int scored = from; parts.isEmpty() || scored < tokens.length; begin += stride) {
      int end = Math.min(begin + most, tokens.length);
      if (end > scored || end == tokens.length) {
        Ask ask = new Ask.Score(Math.max(1, scored - begin));
        parts.add(new AskPart(Arrays.copyOfRange(tokens, begin, end), ask));
        scored = end;
      }
    }
    return parts;
  }
}
