package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two workers, each with a GPU that is pretended: Spark hands out its address. */
@Order(5)
class GpuClusterIT {

  private static final Pattern DEVICE = Pattern.compile("device is '(cuda:\\d)'");

  @TempDir Path directory;

  /** Those that read for a shuffle take none, and the one that asks takes half of one. */
  @Test
  void stagesThatAskTakeTheGpu() throws Exception {
    CommandResult result = translate(List.of(), "--device", "cpu", "--journal-interval", "never");
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.err()).isEmpty();
    List<JsonNode> profiles = events("SparkListenerResourceProfileAdded");
    int asking = profiles.get(1).get("Resource Profile Id").asInt();
    assertThat(profiles.get(1).at("/Task Resource Requests/gpu/Amount").asDouble()).isEqualTo(0.5);
    assertThat(profiles.get(0).at("/Task Resource Requests/gpu").isMissingNode()).isTrue();
    Map<Integer, Integer> stages = new HashMap<>();
    for (JsonNode event : events("SparkListenerStageCompleted")) {
      stages.merge(event.at("/Stage Info/Resource Profile Id").asInt(), 1, Integer::sum);
    }
    assertThat(stages.get(asking)).as("%s", stages).isEqualTo(1);
    assertThat(stages.get(0)).as("%s", stages).isPositive();
  }

  /**
   * The natives of the tests, which are for processors, refuse the device that a task is given. A
   * task that has failed on one executor is tried on the other.
   */
  @Test
  void tasksSeeTheirOwnGpu() throws Exception {
    CommandResult result =
        translate(
            List.of(
                "spark.excludeOnFailure.enabled=true",
                "spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout=1s",
                "spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor=1",
                "spark.excludeOnFailure.task.maxTaskAttemptsPerNode=9",
                "spark.excludeOnFailure.stage.maxFailedTasksPerExecutor=9",
                "spark.excludeOnFailure.stage.maxFailedExecutorsPerNode=9"));
    assertThat(result.exitCode()).isNotZero();
    Map<String, Set<String>> devices = new HashMap<>();
    for (JsonNode event : events("SparkListenerTaskEnd")) {
      Matcher device = DEVICE.matcher(event.at("/Task End Reason").toString());
      if (device.find()) {
        devices
            .computeIfAbsent(event.at("/Task Info/Executor ID").asText(), any -> new TreeSet<>())
            .add(device.group(1));
      }
    }
    assertThat(devices.values()).containsExactlyInAnyOrder(Set.of("cuda:0"), Set.of("cuda:1"));
  }

  private CommandResult translate(List<String> more, String... options) throws Exception {
    Path discovery = directory.resolve("discover.sh");
    Files.writeString(
        discovery,
        "#!/bin/sh\nmkdir %s/first 2>/dev/null && n=0 || n=1\n".formatted(directory)
            + "echo '{\"name\":\"gpu\",\"addresses\":[\"'$n'\"]}'\n");
    assertThat(discovery.toFile().setExecutable(true)).isTrue();
    Files.createDirectory(directory.resolve("events"));
    List<String> command = new ArrayList<>(List.of("--master", "local-cluster[2,1,1300]"));
    List<String> settings = new ArrayList<>(more);
    settings.addAll(
        List.of(
            "spark.executor.resource.gpu.amount=1",
            "spark.worker.resource.gpu.amount=1",
            "spark.worker.resource.gpu.discoveryScript=" + discovery,
            "spark.cores.max=2", // of which all are to be there before tasks start
            "spark.scheduler.minRegisteredResourcesRatio=1",
            "spark.scheduler.maxRegisteredResourcesWaitingTime=5min",
            "spark.eventLog.enabled=true",
            "spark.eventLog.rolling.enabled=false",
            "spark.eventLog.compress=false",
            "spark.eventLog.dir=" + directory.resolve("events").toUri()));
    for (String setting : settings) {
      command.addAll(List.of("--conf", setting));
    }
    command.addAll(
        Demo.translation(directory.resolve("rows"), "--limit", "8", "--progress", "off"));
    command.addAll(List.of(options));
    return Launcher.generate(command);
  }

  private List<JsonNode> events(String name) throws IOException {
    List<JsonNode> events = new ArrayList<>();
    try (Stream<Path> logs = Files.list(directory.resolve("events"))) {
      Path log =
          logs.filter(file -> !file.getFileName().toString().startsWith("."))
              .findFirst()
              .orElseThrow();
      for (String line : Files.readAllLines(log)) {
        JsonNode event = new ObjectMapper().readTree(line);
        if (event.get("Event").asText().equals(name)) {
          events.add(event);
        }
      }
    }
    return events;
  }
}
