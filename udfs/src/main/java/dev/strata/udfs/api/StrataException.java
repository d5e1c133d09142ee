package dev.strata.udfs.api;

import com.google.errorprone.annotations.FormatMethod;
import java.util.regex.Pattern;

/**
 * An error that a person can act on: its message is one sentence with the value, the file and the
 * way out. The command line prints the message alone and ends with the exit code of its {@link
 * Fault}.
 */
public final class StrataException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Its beginning, and its end, which is a file's name where it is a path. */
  private static final Pattern LONG_WORD = Pattern.compile("(\\S{140})\\S{160,}+(?<=(\\S{140}))");

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]");

  /** Whose move it is after an error. */
  public enum Fault {
    /** An option or key has a value that makes no sense. */
    USAGE(2),
    /** The model cannot be used: absent, damaged or of an unknown family. */
    MODEL(3),
    /** The input cannot be read or the output cannot be written. */
    DATA(4),
    /** The memory or device budget is too small for the model. */
    RESOURCES(5),
    /** Another run holds the output's lock. */
    LOCKED(6);

    private final int exitCode;

    Fault(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The exit code of a process that ends with this fault, 2 to 6. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Fault fault;

  public StrataException(Fault fault, String message) {
    super(told(fault, message));
    this.fault = fault;
  }

  public StrataException(Fault fault, String message, Throwable cause) {
    super(told(fault, message), cause);
    this.fault = fault;
  }

  /** A model's files may hold anything: what is said of them stays a sentence, in one line. */
  private static String told(Fault fault, String message) {
    if (fault != Fault.MODEL) {
      return message;
    }
    String line = CONTROL.matcher(message).replaceAll("?");
    return LONG_WORD.matcher(line).replaceAll("$1…$2");
  }

  /** An option or key with a value that makes no sense. */
  @FormatMethod
  public static StrataException usage(String format, Object... args) {
    return new StrataException(Fault.USAGE, String.format(format, args));
  }

  /** A model that cannot be used. */
  @FormatMethod
  public static StrataException model(String format, Object... args) {
    return new StrataException(Fault.MODEL, String.format(format, args));
  }

  /** Input that cannot be read or output that cannot be written. */
  @FormatMethod
  public static StrataException data(String format, Object... args) {
    return new StrataException(Fault.DATA, String.format(format, args));
  }

  /** A budget that is too small. */
  @FormatMethod
  public static StrataException resources(String format, Object... args) {
    return new StrataException(Fault.RESOURCES, String.format(format, args));
  }

  /** An output that another run is writing. */
  @FormatMethod
  public static StrataException locked(String format, Object... args) {
    return new StrataException(Fault.LOCKED, String.format(format, args));
  }

  public Fault fault() {
    return fault;
  }
}
