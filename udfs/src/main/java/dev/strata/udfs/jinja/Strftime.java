package dev.strata.udfs.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Python's {@code datetime.strftime} on Linux, in the C locale and for a time without a zone. */
final class Strftime {
  private final LocalDateTime time;
  private final Budget budget;

  Strftime(LocalDateTime time, Budget budget) {
    this.time = time;
    this.budget = budget;
  }

  String format(String format) {
    MeteredText output = new MeteredText(budget);
    int position = 0;
    while (position < format.length()) {
      char c = format.charAt(position++);
      if (c != '%' || position == format.length()) {
        output.append(c);
        continue;
      }
      int start = position;
      char flag = "-_0^".indexOf(format.charAt(start)) >= 0 ? format.charAt(position++) : 0;
      String field = position < format.length() ? field(format.charAt(position++), flag) : null;
      output.append(field == null ? "%" + format.substring(start, position) : field);
    }
    return output.toString();
  }

  /** The text of a directive, or null if there is none of that letter. */
  private String field(char directive, char flag) {
    return switch (directive) {
      case 'a' ->
          flagged(time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH), flag);
      case 'A' -> flagged(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH), flag);
      case 'b', 'h' ->
          flagged(time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH), flag);
      case 'B' -> flagged(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH), flag);
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'P' -> time.getHour() < 12 ? "am" : "pm";
      case 'c' -> format("%a %b %e %H:%M:%S %Y");
      case 'D', 'x' -> format("%m/%d/%y");
      case 'F' -> format("%Y-%m-%d");
      case 'r' -> format("%I:%M:%S %p");
      case 'R' -> format("%H:%M");
      case 'T', 'X' -> format("%H:%M:%S");
      case 'f' -> DateTimeFormatter.ofPattern("SSSSSS", Locale.ROOT).format(time);
      case 'z', 'Z' -> "";
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> number(directive, flag);
    };
  }

  private static String flagged(String name, char flag) {
    return flag == '^' ? name.toUpperCase(Locale.ROOT) : name;
  }

  private String number(char directive, char flag) {
    int weekday = time.getDayOfWeek().getValue();
    return switch (directive) {
      case 'C' -> padded(time.getYear() / 100, 2, '0', flag);
      case 'd' -> padded(time.getDayOfMonth(), 2, '0', flag);
      case 'e' -> padded(time.getDayOfMonth(), 2, ' ', flag);
      case 'g' -> padded(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0', flag);
      case 'G' -> padded(time.get(IsoFields.WEEK_BASED_YEAR), 4, '0', flag);
      case 'H' -> padded(time.getHour(), 2, '0', flag);
      case 'I' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, '0', flag);
      case 'j' -> padded(time.getDayOfYear(), 3, '0', flag);
      case 'k' -> padded(time.getHour(), 2, ' ', flag);
      case 'l' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, ' ', flag);
      case 'm' -> padded(time.getMonthValue(), 2, '0', flag);
      case 'M' -> padded(time.getMinute(), 2, '0', flag);
      case 'S' -> padded(time.getSecond(), 2, '0', flag);
      case 'u' -> padded(weekday, 1, '0', flag);
      case 'U' -> padded((time.getDayOfYear() + 6 - weekday % 7) / 7, 2, '0', flag);
      case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', flag);
      case 'w' -> padded(weekday % 7, 1, '0', flag);
      case 'W' -> padded((time.getDayOfYear() + 6 - (weekday + 6) % 7) / 7, 2, '0', flag);
      case 'y' -> padded(time.getYear() % 100, 2, '0', flag);
      // glibc does not pad the year.
      case 'Y' -> Integer.toString(time.getYear());
      default -> null;
    };
  }

  private static String padded(int value, int width, char usual, char flag) {
    String digits = Integer.toString(value);
    int missing = flag == '-' ? 0 : Math.max(0, width - digits.length());
    char padding = flag == '_' ? ' ' : flag == '0' ? '0' : usual;
    return Character.toString(padding).repeat(missing) + digits;
  }
}
