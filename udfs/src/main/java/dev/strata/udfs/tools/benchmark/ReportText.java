package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.SweepFigures;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** The report as a person reads it. */
final class ReportText {

  private static final int LABEL_WIDTH = 38;
  private static final int COLUMN_WIDTH = 14;

  private final BenchmarkReport.Findings found;
  private final StringBuilder text = new StringBuilder();

  ReportText(BenchmarkReport.Findings found) {
    this.found = found;
  }

  String text() {
    heading();
    phases();
    start();
    memory();
    rates();
    found.comparison().ifPresent(this::comparison);
    return text.toString();
  }

  private void heading() {
    line("%s", found.options().command());
    line("%s", found.date());
    Machine machine = found.machine();
    line(
        "%s, %d cores, %s, load average %.1f",
        machine.processor(), machine.cores(), gib(machine.memoryBytes()), machine.load());
    if (machine.gpu() != null) {
      line("%s", machine.gpu());
    }
    line("");
    line("%s; %s", found.modelName(), found.workload());
    line(
        "%.2f s in all, %.1f new tokens/s",
        found.seconds(),
        (double) found.options().prompts() * found.options().newTokens() / found.seconds());
    line("");
  }

  private void phases() {
    row("", Phase::name);
    number("sweeps counted", "%.0f", phase -> (double) phase.sweeps().size());
    number("rows in the wave", "%.0f", phase -> (double) phase.rows());
    number("tokens a sweep", "%.0f", Phase::tokens);
    number("seconds a sweep, median", "%.4f", Phase::medianSeconds);
    number("seconds a sweep, least", "%.4f", Phase::leastSeconds);
    number("tokens/s", "%,.1f", Phase::tokensPerSecond);
    number("TFLOP/s", "%.4f", phase -> phase.operationsPerSecond() / 1e12);
    bytes("read from files", SweepFigures::diskBytes);
    bytes("weights used", SweepFigures::tileBytes);
    if (found.model().expertBytes() > 0) {
      number("experts used, of all", "%.1f %%", phase -> 100 * phase.expertsUsed());
    }
    bytes("keys and values to device", SweepFigures::kvToDeviceBytes);
    bytes("keys and values to host", SweepFigures::kvToHostBytes);
    bytes("hidden states", SweepFigures::hiddenBytes);
    number("limit of disk, s", "%.4f", phase -> phase.limit().disk());
    if (!found.decode().limits().host()) {
      number("limit of bus, s", "%.4f", phase -> phase.limit().bus());
    }
    number("limit of compute, s", "%.4f", phase -> phase.limit().compute());
    row("bound by", phase -> phase.limit().bound());
    number("part of the limit reached", "%.0f %%", phase -> 100 * phase.partOfLimit());
    if (found.model().expertBytes() > 0) {
      number(
          "TFLOP/s by experts' products alone",
          "%.0f %%",
          phase -> 100 * phase.partOfExpertProducts());
    }
    lanes();
  }

  private void lanes() {
    for (LaneKind lane : LaneKind.values()) {
      if (found.phases().stream().noneMatch(phase -> phase.works(lane))) {
        continue;
      }
      String name = lane.name().toLowerCase(Locale.ROOT);
      row("lane " + name + ", ms busy / waiting", phase -> times(phase, lane));
    }
    found.phases().stream()
        .flatMap(phase -> phase.kernels().keySet().stream())
        .distinct()
        .sorted(Comparator.comparingDouble(kernel -> -mostOf(kernel)))
        .forEach(
            kernel -> number("kernels of " + kernel + ", ms", "%.1f", phase -> of(phase, kernel)));
  }

  private double mostOf(String kernel) {
    return found.phases().stream().mapToDouble(phase -> of(phase, kernel)).max().orElse(0);
  }

  private static double of(Phase phase, String kernel) {
    return phase.kernels().getOrDefault(kernel, 0.0);
  }

  private static String times(Phase phase, LaneKind lane) {
    return phase.lanes().stream()
        .filter(times -> times.lane() == lane)
        .findFirst()
        .map(ReportText::times)
        .orElse("-");
  }

  private static String times(LaneTimes times) {
    return format("%.1f / %.1f", times.busy(), times.waiting());
  }

  private void bytes(String label, ToLongFunction<SweepFigures> which) {
    if (found.phases().stream().allMatch(phase -> phase.bytes(which) == 0)) {
      return;
    }
    number(label + ", GB a sweep", "%.3f", phase -> phase.bytes(which) / 1e9);
    number(label + ", GB/s", "%.2f", phase -> phase.bytesPerSecond(which) / 1e9);
  }

  private void start() {
    line("");
    line("start, seconds until rows are taken     %.1f", found.start().startSeconds());
    if (found.start().memoryBytes() > 0) {
      line(
          "host memory, seconds from then on       %.1f for %d MiB",
          found.start().memorySeconds(), found.start().memoryBytes() >> 20);
    }
  }

  private void memory() {
    line("");
    found
        .deviceMemory()
        .ifPresent(
            peak -> {
              line("device memory, peak by nvidia-smi");
              line(
                  "  of this process                      %s",
                  peak.processBytes().isPresent()
                      ? (peak.processBytes().getAsLong() >> 20) + " MiB"
                      : "unknown: nvidia-smi does not find it");
              line(
                  "  of the card, less what was before    %d MiB, page tables included",
                  peak.cardBytes() >> 20);
            });
    if (found.memory().deviceBudget() > 0) {
      line(
          "device memory, peak by our account     %d MiB of tensors, %d MiB of page tables, budget"
              + " %d MiB",
          found.memory().deviceBytes() >> 20,
          found.memory().pageTableBytes() >> 20,
          found.memory().deviceBudget() >> 20);
    }
    if (found.memory().hostBudget() > 0) {
      line(
          "host memory, peak by our account       %d of %d MiB",
          found.memory().hostBytes() >> 20, found.memory().hostBudget() >> 20);
    }
  }

  private void rates() {
    Rates rates = found.rates();
    line("");
    line("what the machine can do, measured in this process");
    rate("direct reads, GB/s", rates.direct());
    rate("cached reads, GB/s", rates.cached());
    boolean host = found.decode().limits().host();
    rate(host ? "memory copies, GB/s" : "copies to the device, GB/s", rates.toDevice());
    rate("copies to the host, GB/s", rates.toHost());
    rate("copies to the device, both ways", rates.bothWays().toDevice());
    rate("copies to the host, both ways", rates.bothWays().toHost());
    rate("copies beside direct reads", rates.besideDirect().toDevice());
    rate("direct reads beside copies", rates.besideDirect().disk());
    rate("copies beside cached reads", rates.besideCached().toDevice());
    rate("cached reads beside copies", rates.besideCached().disk());
    rate("conversion from bfloat16, GB/s", rates.conversion());
    line("%-38s %14.4f", "large matrix products, TFLOP/s", rates.product() / 1e12);
    if (!Double.isNaN(rates.expertProducts())) {
      line("%-38s %14.4f", "experts' products, TFLOP/s", rates.expertProducts() / 1e12);
    }
  }

  private void rate(String label, double rate) {
    if (!Double.isNaN(rate)) {
      line("%-38s %14.2f", label, rate / 1e9);
    }
  }

  private void comparison(Comparison c) {
    line("");
    line("against one row after another (%d of %d rows, scaled)", c.sampledRows(), c.rows());
    line("%-38s %14.2f", "all rows in waves, s", c.seconds());
    line("%-38s %14.2f", "one after another, s", c.rowByRowSeconds());
    line("%-38s %14.1f", "times as fast, end to end", c.endToEndRatio());
    line("%-38s %14.1f", "times as fast, full wave decoding", c.decodeRatio());
    if (Double.isNaN(c.partsSeconds())) {
      return;
    }
    line("");
    line("a sweep that decodes %d rows, ms", c.waveRows());
    line("%-38s %14.2f", "as the engine does it", c.waveSweep() * 1e3);
    line("%-38s %14.2f", "matrix products alone", c.products() * 1e3);
    line("%-38s %14.2f", "attention alone", c.attention() * 1e3);
    line("%-38s %14.2f", "conversion of weights alone", c.conversion() * 1e3);
    line("%-38s %14.2f", "engine by the sum of the three", c.sweepByParts());
  }

  private void number(String label, String format, Function<Phase, Double> of) {
    row(label, phase -> format(format, of.apply(phase)));
  }

  private void row(String label, Function<Phase, String> cell) {
    List<String> cells = found.phases().stream().map(cell).toList();
    StringBuilder line = new StringBuilder(format("%-" + LABEL_WIDTH + "s", label));
    cells.forEach(c -> line.append(format(" %" + COLUMN_WIDTH + "s", c)));
    line("%s", line);
  }

  private static String gib(long bytes) {
    return format("%.1f GiB", bytes / 1073741824.0);
  }

  private void line(String format, Object... values) {
    text.append(format(format, values)).append(System.lineSeparator());
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
