package dev.strata.job.runs;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process that speaks as S3 does, with one bucket that begins empty. */
final class S3Server {

  private static final String BUCKET = "lake";

  /** The bucket. */
  static final String ROOT = "s3a://" + BUCKET + "/";

  private static final Pattern STARTED = Pattern.compile("Tomcat started on .*?(\\d+) \\(http\\)");
  private static final int PATIENCE_SECONDS = 120;

  private final Process process;
  private final Path log;
  private final int port;

  private S3Server(Path directory) throws IOException, InterruptedException {
    log = directory.resolve("s3.log");
    String property = "--com.adobe.testing.s3mock.";
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-jar",
                jar(),
                "--server.port=0",
                property + "httpPort=0",
                property + "store.root=" + Files.createDirectory(directory.resolve("s3")),
                property + "store.initialBuckets=" + BUCKET)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    port = awaitPort();
  }

  /** Starts one that keeps its files in a directory. */
  static S3Server start(Path directory) throws IOException, InterruptedException {
    return new S3Server(directory);
  }

  private static String jar() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(path -> path.matches(".*s3mock-[^/]*-exec\\.jar"))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("the server is of Maven's profile s3"));
  }

  private int awaitPort() throws IOException, InterruptedException {
    for (int second = 0; second < PATIENCE_SECONDS; second++) {
      Matcher started = STARTED.matcher(Files.readString(log));
      if (started.find()) {
        return Integer.parseInt(started.group(1));
      }
      if (process.waitFor(1, TimeUnit.SECONDS)) {
        break;
      }
    }
    process.destroyForcibly();
    throw new IOException("the server did not start: " + Files.readString(log));
  }

  /** What Spark has to know to find it. */
  Map<String, String> settings() {
    String key = "spark.hadoop.fs.s3a.";
    return Map.of(
        key + "endpoint",
        "http://127.0.0.1:" + port,
        key + "endpoint.region",
        "us-east-1",
        key + "path.style.access",
        "true",
        key + "access.key",
        "anybody",
        key + "secret.key",
        "anything");
  }

  void close() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }
}
