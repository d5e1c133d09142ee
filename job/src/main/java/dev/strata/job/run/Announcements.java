package dev.strata.job.run;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import java.io.PrintStream;
import scala.Option;

/** What a person reads while Spark starts, which may take long; nothing where progress is off. */
record Announcements(PrintStream console, boolean silent) {

  static Announcements on(PrintStream console, String progress) {
    return new Announcements(console, progress.equals("off"));
  }

  /** What is going to be done, and where. */
  void starting(Task task, StrataConf conf, String master) {
    say(
        "Starting Spark on %s to %s %s with %s"
            .formatted(
                master,
                task.word(),
                conf.require(StrataKeys.INPUT),
                conf.require(StrataKeys.MODEL)));
  }

  /** The same of rows that failed before. */
  void startingAgain(StrataConf conf, String master) {
    say(
        "Starting Spark on %s to ask the failed rows of %s again with %s"
            .formatted(master, conf.require(StrataKeys.OUTPUT), conf.require(StrataKeys.MODEL)));
  }

  /** Where one can watch. */
  void started(Option<String> ui) {
    if (ui.isDefined()) {
      say("Spark UI: " + ui.get());
    }
  }

  private void say(String line) {
    if (!silent) {
      console.println(line);
    }
  }
}
