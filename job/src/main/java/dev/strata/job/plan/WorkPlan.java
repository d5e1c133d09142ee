package dev.strata.job.plan;

import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * What is already done and what is to do, where an earlier run left an output.
 *
 * @param rows the input's rows
 * @param toRun those of them that are new, changed or failed
 * @param differs whether the output's rows are others than the input's
 */
public record WorkPlan(long rows, long toRun, boolean differs) {

  /** The rows that are taken over. */
  public long kept() {
    return rows - toRun;
  }

  /** Whether the output is right as it is. */
  public boolean nothingToDo() {
    return toRun == 0 && !differs;
  }

  /**
   * Checks that the earlier rows are of a run such as this one.
   *
   * @param output where they are, for the message
   * @param earlier the identity of each of the runs that wrote them, null where a row has none
   * @param options which options differ, in words, as far as one knows
   * @throws StrataException if one differs
   */
  public static void requireSameRun(
      String output, List<String> earlier, RunIdentity now, List<String> options) {
    for (String run : earlier) {
      if (run == null) {
        throw StrataException.data(
            "the output %s has rows that were not written with --incremental; run them again with"
                + " --incremental=all, or name another output",
            output);
      }
      List<String> different = RunIdentity.parse(run).differences(now);
      if (!different.isEmpty()) {
        throw StrataException.data(
            "the output %s was made with %s; go back to what it was, run all rows again with"
                + " --incremental=all, or name another output",
            output, others(different, options));
      }
    }
  }

  /** Such as "another model and other options (--top-k was 5 and is 1)". */
  private static String others(List<String> different, List<String> options) {
    List<String> phrases =
        different.stream()
            .map(what -> what.endsWith("s") ? "other " + what : "another " + what)
            .map(
                what ->
                    what.equals("other options") && !options.isEmpty()
                        ? what + " (" + String.join(", ", options) + ")"
                        : what)
            .toList();
    return String.join(" and ", phrases);
  }
}
