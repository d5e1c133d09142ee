package dev.strata.job.cli;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.tools.Doctor;
import dev.strata.udfs.tools.Finding;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata doctor}: examines the machine before a run does. Works without Spark. */
final class DoctorCommand {

  static final String WORD = "doctor";
  static final String DESCRIPTION =
      "Examines this machine: Java, Spark, GPU, natives, memory, disks, model.";
  static final List<ConfKey<?>> KEYS =
      List.of(
          StrataKeys.MODEL,
          StrataKeys.DEVICE,
          StrataKeys.DEVICE_MEMORY,
          StrataKeys.HOST_MEMORY,
          StrataKeys.MODEL_STAGING,
          StrataKeys.MODEL_CACHE_DIR);

  private static final String VERIFY = "--verify";
  private static final String DEVICE_ONLY = "--device-only";

  private DoctorCommand() {}

  /**
   * Prints a line for each finding.
   *
   * @param command whose options come before the submitted ones
   * @return 0, or the exit code of the first thing that failed
   */
  static int run(ParseResult command, PrintStream out) {
    Map<String, String> settings = Submitted.settings();
    settings.putAll(Options.settings(command));
    Consumer<Finding> told = finding -> out.println(line(finding));
    List<Finding> findings =
        command.hasMatchedOption(DEVICE_ONLY)
            ? Doctor.examineDevice(settings, told)
            : Doctor.examine(settings, command.hasMatchedOption(VERIFY), told);
    return findings.stream()
        .filter(finding -> finding.fault() != null)
        .map(finding -> finding.fault().exitCode())
        .findFirst()
        .orElse(CommandLine.ExitCode.OK);
  }

  static OptionSpec verify() {
    return OptionSpec.builder(VERIFY)
        .type(boolean.class)
        .description(
            "Read all of the model: whether its bytes are those of an earlier reading, and its"
                + " weights numbers that make sense. Takes about a second for each GB.")
        .build();
  }

  static OptionSpec deviceOnly() {
    return OptionSpec.builder(DEVICE_ONLY)
        .type(boolean.class)
        .description("Look at the device alone, and run a kernel on it.")
        .build();
  }

  private static String line(Finding finding) {
    String status = finding.status().name().toLowerCase(Locale.ROOT);
    return String.format(Locale.ROOT, "%-8s %-8s %s", status, finding.subject(), finding.text());
  }
}
