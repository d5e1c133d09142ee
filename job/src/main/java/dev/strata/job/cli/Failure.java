package dev.strata.job.cli;

import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a person is told of an exception: one sentence, and where to find more if nobody foresaw it.
 */
record Failure(Throwable error) {

  private static final int UNEXPECTED = 1;

  /** Prints the failure and returns the exit code. */
  int report(PrintStream err, boolean stacktrace) {
    StrataException foreseen = foreseen();
    err.println("strata: " + (foreseen != null ? foreseen.getMessage() : sentence()));
    if (stacktrace) {
      error.printStackTrace(err);
    } else if (foreseen == null) {
      err.println("strata: the stack trace is " + savedTrace());
    }
    return foreseen != null ? foreseen.fault().exitCode() : UNEXPECTED;
  }

  /** Spark wraps what a task throws; the innermost of Strata's own exceptions says it best. */
  private StrataException foreseen() {
    StrataException found = null;
    for (Throwable e = error; e != null; e = e.getCause()) {
      if (e instanceof StrataException strata) {
        found = strata;
      } else if (found == null
          && e instanceof Error ofTheJvm
          && JvmErrors.sentence(ofTheJvm) instanceof StrataException told) {
        found = told;
      }
    }
    return found;
  }

  private String sentence() {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    String name = root.getClass().getSimpleName();
    return message == null || message.isBlank()
        ? "unexpected error: " + name
        : "unexpected error: " + name + ": " + message.strip().lines().findFirst().orElse("");
  }

  private String savedTrace() {
    StringWriter trace = new StringWriter();
    error.printStackTrace(new PrintWriter(trace));
    try {
      Path file = Files.createTempFile("strata-", ".trace");
      return "in " + Files.writeString(file, trace.toString());
    } catch (IOException e) {
      return "printed with " + CommandTree.STACKTRACE;
    }
  }
}
