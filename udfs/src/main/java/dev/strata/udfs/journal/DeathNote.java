package dev.strata.udfs.journal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * How a process ended whose tasks kept a journal, in a file of a name such as {@code
 * 1f0c9a3b_fault_134.death}, written by somebody who outlived it.
 *
 * @param jvm names the process, as {@link Attempt#jvm(String, String)} does
 * @param isFault whether one of its rows may have been to blame; if not, it was taken away
 * @param code its exit code; {@link #UNKNOWN} where nobody knows
 */
public record DeathNote(String jvm, boolean isFault, int code) {

  /** For an exit code. */
  public static final int UNKNOWN = -1;

  private static final Pattern FORM =
      Pattern.compile("(\\p{XDigit}{8})_(fault|lost)_(-?\\d{1,9})\\.death");

  static Optional<DeathNote> parse(String name) {
    Matcher parts = FORM.matcher(name);
    return parts.matches()
        ? Optional.of(
            new DeathNote(
                parts.group(1), parts.group(2).equals("fault"), Integer.parseInt(parts.group(3))))
        : Optional.empty();
  }

  /**
   * Writes it into a journal.
   *
   * @param told what is known of it, for people
   */
  public void write(Configuration conf, String location, String told) throws IOException {
    byte[] text = told.getBytes(StandardCharsets.UTF_8);
    JournalDirectory.at(conf, location).write(toString(), text);
  }

  @Override
  public String toString() {
    return "%s_%s_%d.death".formatted(jvm, isFault ? "fault" : "lost", code);
  }
}
