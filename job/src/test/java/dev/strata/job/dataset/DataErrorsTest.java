package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sentences that {@code CommandErrorsTest} leaves out. */
class DataErrorsTest {

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void filesWithoutRows() throws IOException {
    assertInput(file("empty.json", ""), "is empty; give one that has rows");
    assertInput(file("empty.parquet", ""), "is damaged or of another form");
    Path directoryAsFile = Files.createDirectory(directory.resolve("rows.json"));
    assertInput(directoryAsFile.toString(), "there is no file with rows in it");
  }

  @Test
  void placesThatAreNone() {
    assertInput("a:b:c", "a name with a colon (a:b:c) is none that Hadoop can read or write");
    assertInput("rows:1.csv", "a name with a colon (rows:1.csv) is none");
    assertInput("hdfs://no-such-host.invalid/x", "its host is unknown (no-such-host.invalid)");
    assertInput("x[.json", "Unclosed character class");
    assertInput(
        "s3a://bucket/rows.json", "there is no file system for s3a:// here; add --packages");
    assertThatThrownBy(() -> Output.at(spark, Confs.of("output", "foo://bucket/out")))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("the output foo://bucket/out cannot be written: there is no file");
  }

  @Test
  void noServiceAtTheAddress() {
    assertInput("webhdfs://127.0.0.1:1/rows.json", "check the address, and that the service runs");
  }

  @Test
  void onlyDataIsBlamedOnData() {
    IOException engine = thrownIn("dev.strata.udfs.store.Checkpoint", "No space left on device");
    assertThat(DataErrors.ofRun(engine, "in", "out")).isSameAs(engine);
    IOException shuffle =
        thrownIn("org.apache.spark.shuffle.sort.ShuffleWriter", "No space left on device");
    assertThat(DataErrors.ofRun(shuffle, "in", "out"))
        .hasMessage(
            "Spark's local directories (spark.local.dir) are full: No space left on device; make"
                + " room there, then start again");
  }

  /** As HDFS's client writes. */
  @Test
  void whatIsThrownOnAThreadOfTheFileSystemIsOfWhatWaitsForIt() {
    ConnectException refused = new ConnectException("Connection refused");
    ConnectException call = new ConnectException("Call From a to b:8020 failed: refused");
    call.initCause(refused);
    for (Throwable cause : List.of(refused, call)) {
      cause.setStackTrace(
          new StackTraceElement[] {new StackTraceElement("DataStreamer", "run", null, 0)});
    }
    IOException writer = thrownIn("org.example.Task", "Task failed while writing rows");
    writer.initCause(call);
    assertThat(DataErrors.ofRun(writer, "in", "out"))
        .hasMessage(
            "the output out cannot be written: Call From a to b:8020 failed: refused; check the"
                + " address, and that the service runs");
  }

  /** Whatever was read or written when Spark gave up. */
  @Test
  void missingExecutorsAreNotBlamedOnData() {
    SparkException e = new SparkException("Job 0 cancelled because SparkContext was shut down");
    assertThat(DataErrors.input("in", e)).hasMessageContaining("executors' logs");
    assertThat(DataErrors.ofRun(e, "in", "out")).hasMessageContaining("executors' logs");
    assertThat(DataErrors.input("in", new IllegalStateException("LiveListenerBus is stopped.")))
        .hasMessageContaining("its master cannot be reached");
  }

  private static IOException thrownIn(String type, String message) {
    IOException e = new IOException(message);
    e.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement(type, "write", null, 0),
          new StackTraceElement(
              "org.apache.spark.sql.execution.datasources.FileFormatDataWriter", "write", null, 0)
        });
    return e;
  }

  private void assertInput(String location, String part) {
    assertThatThrownBy(() -> Input.open(spark, Confs.of("input", location)))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input " + location)
        .hasMessageContaining(part)
        .message()
        .hasLineCount(1);
  }

  private String file(String name, String content) throws IOException {
    return Files.writeString(directory.resolve(name), content).toString();
  }
}
