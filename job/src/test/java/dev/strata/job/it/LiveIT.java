package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run on two executors, each a process of its own, while it goes on and in its event log. */
@Order(6)
class LiveIT {

  private static final int ROWS = 80;
  private static final int TOKENS = 60;
  private static final String EVENT = "{\"Event\":\"dev.strata.udfs.live.RunEvent\"";
  private static final Pattern UI = Pattern.compile("Spark UI: (http://\\S+)");
  private static final Pattern GENERATED =
      Pattern.compile("_driver_strata_tokens_generated_Number\\S* (\\d+)");

  private static final HttpClient BROWSER = HttpClient.newHttpClient();

  @TempDir Path directory;

  private Launcher.Started start() throws IOException {
    List<String> words = new ArrayList<>(List.of("--master", "local-cluster[2,1,1300]"));
    for (String setting :
        List.of(
            "spark.ui.port=0",
            "spark.eventLog.enabled=true",
            "spark.eventLog.compress=false",
            "spark.eventLog.dir=" + Files.createDirectories(directory.resolve("log")),
            "spark.strata.ignoreStopTokens=true")) {
      words.addAll(List.of("--conf", setting));
    }
    words.addAll(
        Demo.translation(
            directory.resolve("rows"),
            "--limit",
            Integer.toString(ROWS),
            "--max-new-tokens",
            Integer.toString(TOKENS),
            "--host-memory",
            "512m",
            "--report",
            directory.resolve("report.json").toString()));
    return Launcher.start("strata", Map.of(), words.toArray(String[]::new));
  }

  private static Optional<String> get(String address) throws InterruptedException {
    try {
      HttpResponse<String> page =
          BROWSER.send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.ofString());
      return page.statusCode() == 200 ? Optional.of(page.body()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // the run is over
    }
  }

  @Test
  void bothExecutorsAreSeen() throws Exception {
    Launcher.Started run = start();
    List<Long> generated = new ArrayList<>();
    boolean hasBoth = false;
    while (run.process().isAlive()) {
      Thread.sleep(300);
      Matcher ui = UI.matcher(Files.readString(run.err()));
      if (ui.find()) {
        String tab = get(ui.group(1) + "/strata/").orElse("");
        hasBoth |=
            tab.contains("of executor 0<")
                && tab.contains("of executor 1<")
                && tab.contains(", running: demo-model");
        get(ui.group(1) + "/metrics/prometheus/")
            .map(GENERATED::matcher)
            .filter(Matcher::find)
            .ifPresent(figure -> generated.add(Long.valueOf(figure.group(1))));
      }
    }
    CommandResult result = run.await();
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(hasBoth).as("both on the page").isTrue();
    assertThat(generated).isSorted();
    assertThat(generated).anyMatch(tokens -> tokens > 0 && tokens < ROWS * TOKENS);

    JsonObject report =
        JsonParser.parseString(Files.readString(directory.resolve("report.json")))
            .getAsJsonObject();
    JsonObject last = lastEvent();
    assertThat(last.get("state").getAsString()).isEqualTo("DONE");
    JsonObject work = last.getAsJsonObject("work");
    assertThat(work.get("rows").getAsLong())
        .isEqualTo(report.getAsJsonObject("rows").get("done").getAsLong())
        .isEqualTo(ROWS);
    assertThat(work.get("newTokens").getAsLong())
        .isEqualTo(report.getAsJsonObject("tokens").get("new").getAsLong())
        .isEqualTo(ROWS * TOKENS);
    assertThat(work.get("sweeps").getAsLong()).isEqualTo(report.get("sweeps").getAsLong());
    assertThat(work.get("readBytes").getAsLong()).isEqualTo(report.get("bytesRead").getAsLong());
    assertThat(last.getAsJsonArray("engines")).hasSize(2);
  }

  private JsonObject lastEvent() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("log"))) {
      Path events =
          files
              .filter(file -> file.getFileName().toString().startsWith("events_"))
              .findFirst()
              .orElseThrow();
      return Files.readAllLines(events).stream()
          .filter(line -> line.startsWith(EVENT))
          .reduce((first, second) -> second)
          .map(line -> JsonParser.parseString(line).getAsJsonObject().getAsJsonObject("figures"))
          .orElseThrow();
    }
  }
}
