package dev.strata.job.report;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Commands as a person types them. */
public final class KeptCommand {

  private static final Pattern PLAIN = Pattern.compile("[\\w./:=,@%+-]+");

  private KeptCommand() {}

  /** The command that started a run, in all that Strata was told by options or otherwise. */
  public static String of(KeptRun run) {
    return String.join(" ", parts(run));
  }

  /** The same in parts, each option with its value. */
  static List<String> parts(KeptRun run) {
    List<String> parts = new ArrayList<>(List.of("strata " + run.command()));
    Map<String, String> settings = run.settings();
    for (ConfKey<?> key : StrataKeys.all()) {
      String value = settings.get(key.name());
      if (value != null && !StrataKeys.isOfSql(key) && !key.equals(StrataKeys.FRESH)) {
        // A value that may be left out belongs to its option by this sign alone.
        parts.add(key.option() + (key.type().alone().isPresent() ? '=' : ' ') + quoted(value));
      }
    }
    return parts;
  }

  /** The command that asks the failed rows of an output again. */
  public static String retry(String output) {
    return "strata retry-failed " + quoted(output);
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
