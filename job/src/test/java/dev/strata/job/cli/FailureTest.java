package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.StrataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailureTest {

  @Test
  void innermostStrataExceptionIsToldWithItsCode() {
    Exception wrapped =
        new IllegalStateException(
            "Job aborted due to stage failure: at x\nat y",
            StrataException.resources("too small; set %s", "it"));
    assertThat(report(wrapped, false)).isEqualTo("5 strata: too small; set it");
  }

  @Test
  void theUnexpectedLeavesItsTraceInAFile() throws IOException {
    String report =
        report(new RuntimeException("outer", new IOException("disk on fire\nat x")), false);
    assertThat(report.lines())
        .first()
        .isEqualTo("1 strata: unexpected error: IOException: disk on fire");
    Path trace = Path.of(report.substring(report.indexOf("is in ") + 6));
    assertThat(trace).content().contains("Caused by: java.io.IOException: disk on fire");
    Files.delete(trace);
  }

  @Test
  void stackTraceOnRequest() {
    assertThat(report(new RuntimeException(), true))
        .startsWith("1 strata: unexpected error: RuntimeException")
        .contains("\tat dev.strata.job.cli.FailureTest");
  }

  @Test
  void errorsOfTheJvmAreOneSentenceToo() {
    assertThat(report(new OutOfMemoryError("Java heap space\nmore"), false))
        .isEqualTo(
            "5 strata: the JVM is out of memory (Java heap space); start with more"
                + " --executor-memory, or --driver-memory where the master is local");
    assertThat(report(new IllegalStateException(new StackOverflowError()), false))
        .startsWith("5 strata: a thread is out of stack; start with --conf")
        .hasLineCount(1);
    assertThat(report(new NoClassDefFoundError("org/apache/spark/X"), false))
        .startsWith(
            "2 strata: a class or native library cannot be used (NoClassDefFoundError:"
                + " org/apache/spark/X); start with the Spark that Strata is built for")
        .hasLineCount(1);
    assertThat(
            report(
                new StrataException(
                    StrataException.Fault.MODEL, "said better", new StackOverflowError()),
                false))
        .isEqualTo("3 strata: said better");
    assertThat(report(new AssertionError("impossible"), false))
        .startsWith("1 strata: unexpected error: AssertionError: impossible");
  }

  private static String report(Throwable error, boolean stacktrace) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        new Failure(error).report(new PrintStream(err, true, StandardCharsets.UTF_8), stacktrace);
    return code + " " + err.toString(StandardCharsets.UTF_8).strip();
  }
}
