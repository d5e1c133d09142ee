package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code strata connect}, and a client in a JVM that knows nothing of Strata. */
class ConnectIT {

  private static final int MOST_SECONDS = 240;

  @TempDir Path directory;

  @Test
  void aClientCallsFunctions() throws Exception {
    int port = freePort();
    Launcher.Started server =
        Launcher.start(
            "strata",
            Map.of("SPARK_LOCAL_IP", "127.0.0.1"),
            "--conf",
            "spark.connect.grpc.binding.port=" + port,
            "--conf",
            "spark.ui.enabled=false",
            "--conf",
            "spark.strata.model=" + Demo.MODEL,
            "--conf",
            "spark.strata.host.memory=256m",
            "connect");
    try {
      awaitPort(port, server.process());
      CommandResult result =
          client(
              "sc://127.0.0.1:" + port,
              "SELECT ai_translate('I am tired.', 'fr'),"
                  + " ai_classify('The sea.', array('sea', 'land')) IN ('sea', 'land')");
      assertThat(result.exitCode()).as("%s", result.err()).isZero();
      assertThat(result.out()).isEqualTo(List.of("Je suis fatigué.", "true"));
      assertThat(result.err()).as("the session is released").noneMatch(l -> l.contains("release"));
      hasARunKey(port);
    } finally {
      server.process().destroy(); // the JVM itself, which the launcher has become
      assertThat(server.process().waitFor(120, TimeUnit.SECONDS)).isTrue();
    }
    CommandResult ended = server.await();
    assertThat(ended.err()).first().asString().contains("sc://localhost:" + port);
    assertThat(ended.out()).isEmpty();
  }

  /** What it keeps goes with the statement; its files have been marked meanwhile. */
  private void hasARunKey(int port) throws Exception {
    Path journals = directory.resolve("journals");
    CommandResult result =
        client(
            "sc://127.0.0.1:" + port,
            "SET spark.strata.sql.run.key=night",
            "SET spark.strata.journal.dir=" + journals,
            "CREATE TABLE made USING json LOCATION '%s' AS SELECT ai_translate(text, 'fr') AS fr"
                    .formatted(directory.resolve("made"))
                + " FROM VALUES ('I am tired.') AS t (text)",
            "SELECT fr, '${spark.sql.sources.commitProtocolClass}' FROM made");
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out())
        .containsExactly("Je suis fatigué.", "dev.strata.udfs.sql.MarkedCommit");
    try (Stream<Path> left = Files.walk(journals)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  private CommandResult client(String... args) throws Exception {
    String classes = Demo.ROOT.resolve("job/target/test-classes").toString();
    String client = Demo.ROOT.resolve("target/spark-connect-client/jars") + "/*";
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "-cp",
            classes + ":" + client,
            ConnectClient.class.getName());
    builder.command().addAll(Arrays.asList(args));
    return Launcher.execute(builder.directory(directory.toFile()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void awaitPort(int port, Process server) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return;
      } catch (IOException e) {
        assertThat(server.isAlive()).as("the server runs").isTrue();
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(200);
      }
    }
  }
}
