package dev.strata.udfs.page;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
public final class Figures {

  private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB", "PB"};

  private Figures() {}

  /** A count with its thousands set apart: {@code 12,345}. */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** {@code 1 row} or {@code 12 rows}. */
  public static String rows(long number) {
    return number == 1 ? "1 row" : count(number) + " rows";
  }

  /** {@code 1 error} or {@code 12 errors}. */
  public static String errors(long number) {
    return number == 1 ? "1 error" : count(number) + " errors";
  }

  /** Bytes in decimal units with three digits: {@code 1.43 GB}. */
  public static String bytes(double bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 999.5 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f %s", value, UNITS[unit]);
  }

  /** A rate with as many digits as mean something: {@code 1,240}, {@code 17} or {@code 0.8}. */
  public static String rate(double perSecond) {
    return String.format(Locale.ROOT, perSecond < 9.95 ? "%.1f" : "%,.0f", perSecond);
  }

  /** A time as on a clock: {@code 0:07}, {@code 12:30} or {@code 1:02:03}. */
  public static String time(Duration time) {
    long seconds = Math.round(time.toMillis() / 1000.0);
    long hours = seconds / 3600;
    long minutes = seconds / 60 % 60;
    return hours > 0
        ? String.format(Locale.ROOT, "%d:%02d:%02d", hours, minutes, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d", minutes, seconds % 60);
  }

  /** A time that may be short: {@code 0.4 s}, or as {@link #time} from a minute on. */
  public static String seconds(double seconds) {
    return seconds < 59.95
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : time(Duration.ofMillis(Math.round(1000 * seconds)));
  }

  /**
   * Rows whose texts are in another encoding than they were read in.
   *
   * @param looked of how many, such as {@code " of 100 seen"}, or nothing
   */
  public static String undecoded(long rows, String looked) {
    return "%s rows%s have U+FFFD where bytes were no text; if the input is not UTF-8, set"
            .formatted(count(rows), looked)
        + " --input-options encoding=windows-1252 or what it is";
  }
}
