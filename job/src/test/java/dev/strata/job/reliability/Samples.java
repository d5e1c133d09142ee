package dev.strata.job.reliability;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/** Where threads were, looked at every few milliseconds while something was done. */
record Samples(List<RecordedEvent> all) {

  private static final Duration BETWEEN_SAMPLES = Duration.ofMillis(10);

  /**
   * Takes them.
   *
   * @param file is written
   */
  static Samples of(Path file, Cost.Work work) throws Exception {
    try (Recording recording = new Recording()) {
      for (String event : List.of("jdk.ExecutionSample", "jdk.NativeMethodSample")) {
        recording.enable(event).withPeriod(BETWEEN_SAMPLES);
      }
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
    }
    return new Samples(RecordingFile.readAllEvents(file));
  }

  /** Those within classes whose names begin so. */
  List<RecordedEvent> in(String prefix) {
    return all.stream().filter(event -> isIn(event, prefix)).toList();
  }

  static boolean isIn(RecordedEvent event, String prefix) {
    RecordedStackTrace stack = event.getStackTrace();
    return stack != null
        && stack.getFrames().stream()
            .anyMatch(frame -> frame.getMethod().getType().getName().startsWith(prefix));
  }
}
