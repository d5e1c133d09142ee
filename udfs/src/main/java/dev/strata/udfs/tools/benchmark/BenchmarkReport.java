package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.MemoryFigures;
import dev.strata.udfs.tensor.DeviceMemoryPeak;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a benchmark found: for people, for machines, and as pictures of single sweeps. */
public final class BenchmarkReport {

  /** What was found. */
  record Findings(
      BenchmarkOptions options,
      String date,
      Machine machine,
      String plan,
      ModelWork model,
      double seconds,
      List<Sweep> sweeps,
      Phase prefill,
      Phase decode,
      Rates rates,
      MemoryFigures memory,
      Optional<DeviceMemoryPeak> deviceMemory,
      StartWatch.Figures start,
      Optional<Comparison> comparison) {

    List<Phase> phases() {
      return Stream.of(prefill, decode).filter(phase -> !phase.isEmpty()).toList();
    }

    String device() {
      return decode.limits().host() ? machine.processor() : machine.gpu();
    }

    /** Such as {@code llama-3-70b, 8 layers}. */
    String modelName() {
      String name =
          options.shape() != null
              ? options.shape().name()
              : options.engine().model().replaceFirst(".*/", "");
      return String.format(
          Locale.ROOT,
          "%s, %d layers, %.2f GB a sweep%s",
          name,
          model.spec().layers().size(),
          model.streamedBytes() / 1e9,
          model.expertBytes() == 0
              ? ""
              : String.format(
                  Locale.ROOT, " with all experts, %.2f GB", model.expertBytes() / 1e9));
    }

    String workload() {
      return String.format(
          Locale.ROOT,
          "%d prompts of %d tokens, %d new tokens each",
          options.prompts(),
          options.promptTokens(),
          options.newTokens());
    }
  }

  private final Findings found;

  BenchmarkReport(Findings found) {
    this.found = found;
  }

  /** A table. */
  public String text() {
    return new ReportText(found).text();
  }

  /** A JSON object, with nothing left out that the table has. */
  public String json() {
    return ReportJson.of(found).toString();
  }

  /** The lanes of a sweep that decodes the full wave as SVG; empty if none was traced. */
  public Optional<String> decodeTimeline() {
    return timeline(found.decode());
  }

  /** The lanes of a sweep with prompts as SVG; empty if none was traced. */
  public Optional<String> prefillTimeline() {
    return timeline(found.prefill());
  }

  private Optional<String> timeline(Phase phase) {
    if (phase.traced() == null) {
      return Optional.empty();
    }
    Sweep sweep = phase.traced();
    String title =
        String.format(
            Locale.ROOT,
            "One %s sweep: %,.1f ms, %d tokens of %d rows, %.0f %% of the limit (%s)",
            phase.name(),
            sweep.seconds() * 1e3,
            sweep.tokens(),
            sweep.figures().rows(),
            100 * phase.limits().of(sweep).seconds() / sweep.seconds(),
            phase.limits().of(sweep).bound());
    String subtitle =
        String.join("; ", found.modelName(), found.workload(), found.device(), found.date());
    return Optional.of(TimelineSvg.of(title, subtitle, sweep));
  }
}
