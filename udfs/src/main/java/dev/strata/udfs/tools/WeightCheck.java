package dev.strata.udfs.tools;

import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.store.ModelVerification;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Whether all bytes of a model can be read, are those that were read before, and make sense. */
final class WeightCheck {

  private static final String SUBJECT = "weights";
  private static final int MOST_SHOWN = 3;

  private WeightCheck() {}

  /**
   * Reads all of a model.
   *
   * @param location its directory, null for none
   */
  static Finding check(String location, ModelStaging staging) {
    if (location == null) {
      return Finding.warning(SUBJECT, "not read, since no model is given");
    }
    try {
      long start = System.nanoTime();
      ModelVerification.Result result = ModelVerification.verify(location, staging);
      return finding(result, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    } catch (StrataException e) {
      return Finding.failed(SUBJECT, e);
    } catch (IOException e) {
      return Finding.failed(SUBJECT, Fault.MODEL, "cannot be read: %s".formatted(e.getMessage()));
    }
  }

  private static Finding finding(ModelVerification.Result result, long seconds) {
    if (!result.changed().isEmpty()) {
      return Finding.failed(
          SUBJECT,
          Fault.MODEL,
          "%s; download %s again, or remove %s if that was on purpose"
              .formatted(joined(result.changed()), result.place(), result.record()));
    }
    if (!result.problems().isEmpty()) {
      return Finding.failed(
          SUBJECT,
          Fault.MODEL,
          "%s; download %s again".formatted(joined(result.problems()), result.place()));
    }
    String read =
        String.format(
            Locale.ROOT,
            "%.3g GB of %s read in %d s; %s",
            result.bytes() / 1e9,
            result.place(),
            seconds,
            result.compared()
                ? "all bytes are those of the first reading"
                : "the first reading, whose checksums are now in " + result.record());
    return result.warnings().isEmpty()
        ? Finding.ok(SUBJECT, read)
        : Finding.warning(SUBJECT, read + "; " + joined(result.warnings()));
  }

  /** A damaged disk gives many of a kind. */
  private static String joined(List<String> sentences) {
    int more = sentences.size() - MOST_SHOWN;
    String shown = String.join("; ", sentences.subList(0, Math.min(MOST_SHOWN, sentences.size())));
    return more > 0 ? shown + "; and " + more + " more of the kind" : shown;
  }
}
