package dev.strata.udfs.api;

import java.util.function.Supplier;

/**
 * What a person is told of an {@link Error}: that the JVM has no memory left, or that a class is
 * missing. Spark ends the process of a task that throws one, or whose exception has one for a
 * cause, and says nothing but a code.
 */
public final class JvmErrors {

  private JvmErrors() {}

  /** The result of work, whose errors become exceptions that a person can read. */
  public static <T> T told(Supplier<T> work) {
    try {
      return work.get();
    } catch (Error e) {
      throw sentence(e);
    } catch (RuntimeException e) {
      throw told(e);
    }
  }

  /**
   * An exception whose causes are no errors: what is to be said of the one that it has, unless
   * somebody has said it better on the way.
   *
   * @return {@code failure} where it has none
   */
  public static RuntimeException told(RuntimeException failure) {
    StrataException known = null;
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof Error error) {
        return known == null ? sentence(error) : without(known, error);
      }
      known = e instanceof StrataException strata ? strata : known;
    }
    return failure;
  }

  private static StrataException without(StrataException known, Error error) {
    StrataException told = new StrataException(known.fault(), known.getMessage());
    told.addSuppressed(error);
    return told;
  }

  /**
   * What is to be said of an error. The error is not the cause but suppressed, as Spark looks for
   * it among causes.
   */
  public static RuntimeException sentence(Error error) {
    RuntimeException told = exception(error);
    told.addSuppressed(error);
    return told;
  }

  private static RuntimeException exception(Error error) {
    if (error instanceof OutOfMemoryError) {
      return StrataException.resources(
          "the JVM is out of memory (%s); start with more --executor-memory, or --driver-memory"
              + " where the master is local",
          firstLine(error));
    }
    if (error instanceof StackOverflowError) {
      return StrataException.resources(
          "a thread is out of stack; start with --conf spark.executor.extraJavaOptions=-Xss4m, or"
              + " --driver-java-options -Xss4m where the master is local");
    }
    if (error instanceof LinkageError) {
      return StrataException.usage(
          "a class or native library cannot be used (%s: %s); start with the Spark that Strata is"
              + " built for, and without other versions of its libraries among --jars or"
              + " --packages",
          error.getClass().getSimpleName(), firstLine(error));
    }
    return new IllegalStateException(error.getClass().getSimpleName() + ": " + firstLine(error));
  }

  private static String firstLine(Error error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }
}
