package dev.strata.udfs.tools.benchmark;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.engine.SweepFigures;
import java.util.Locale;

/** The report as programs read it: bytes, seconds and operations, each without a prefix. */
final class ReportJson {

  private ReportJson() {}

  static JsonObject of(BenchmarkReport.Findings found) {
    JsonObject json = new JsonObject();
    json.addProperty("command", found.options().command());
    json.addProperty("date", found.date());
    json.add("machine", machine(found.machine()));
    json.add("model", model(found));
    json.add("options", options(found.options()));
    json.addProperty("plan", found.plan());
    json.addProperty("seconds", found.seconds());
    found.phases().forEach(phase -> json.add(phase.name(), phase(phase)));
    json.add("start", start(found.start()));
    json.add("memory", memory(found));
    json.add("rates", rates(found.rates()));
    found.comparison().ifPresent(comparison -> json.add("comparison", comparison(comparison)));
    json.add("sweeps", sweeps(found));
    return json;
  }

  private static JsonObject machine(Machine machine) {
    JsonObject json = new JsonObject();
    json.addProperty("processor", machine.processor());
    json.addProperty("cores", machine.cores());
    json.addProperty("memory_bytes", machine.memoryBytes());
    number(json, "load_average", machine.load() < 0 ? Double.NaN : machine.load());
    json.addProperty("gpu", machine.gpu());
    return json;
  }

  private static JsonObject model(BenchmarkReport.Findings found) {
    JsonObject json = new JsonObject();
    json.addProperty("directory", found.options().engine().model());
    json.addProperty("family", found.model().spec().family());
    json.addProperty(
        "shape", found.options().shape() == null ? null : found.options().shape().name());
    json.addProperty("layers", found.model().spec().layers().size());
    json.addProperty("streamed_bytes", found.model().streamedBytes());
    json.addProperty("expert_bytes", found.model().expertBytes());
    json.addProperty("operations_per_token", found.model().operations(1, 1));
    return json;
  }

  private static JsonObject options(BenchmarkOptions options) {
    EngineOptions engine = options.engine();
    JsonObject json = new JsonObject();
    json.addProperty("prompts", options.prompts());
    json.addProperty("prompt_tokens", options.promptTokens());
    json.addProperty("new_tokens", options.newTokens());
    json.addProperty("device", engine.device());
    json.addProperty("device_memory_bytes", engine.deviceMemory());
    json.addProperty("host_memory_bytes", engine.hostMemory());
    json.addProperty("compute_type", engine.computeType());
    json.addProperty("threads", engine.threads());
    return json;
  }

  private static JsonObject phase(Phase phase) {
    JsonObject json = new JsonObject();
    json.addProperty("sweeps", phase.sweeps().size());
    json.addProperty("rows", phase.rows());
    number(json, "tokens_median", phase.tokens());
    number(json, "seconds_median", phase.medianSeconds());
    number(json, "seconds_least", phase.leastSeconds());
    number(json, "tokens_per_second", phase.tokensPerSecond());
    number(json, "operations_per_second", phase.operationsPerSecond());
    number(json, "disk_bytes_per_second", phase.bytesPerSecond(SweepFigures::diskBytes));
    number(json, "expert_bytes_median", phase.bytes(SweepFigures::expertBytes));
    number(json, "experts_used", phase.expertsUsed());
    number(json, "part_of_expert_products", phase.partOfExpertProducts());
    number(json, "tile_bytes_per_second", phase.bytesPerSecond(SweepFigures::tileBytes));
    number(
        json, "kv_to_device_bytes_per_second", phase.bytesPerSecond(SweepFigures::kvToDeviceBytes));
    number(json, "kv_to_host_bytes_per_second", phase.bytesPerSecond(SweepFigures::kvToHostBytes));
    number(json, "hidden_bytes_per_second", phase.bytesPerSecond(SweepFigures::hiddenBytes));
    json.add("limit", limit(phase.limit()));
    number(json, "part_of_limit", phase.partOfLimit());
    json.add("lanes", lanes(phase));
    json.add("kernel_seconds", kernels(phase));
    return json;
  }

  private static JsonObject limit(Limit limit) {
    JsonObject json = new JsonObject();
    number(json, "seconds", limit.seconds());
    json.addProperty("bound", limit.bound());
    number(json, "disk_seconds", limit.disk());
    number(json, "bus_seconds", limit.bus());
    number(json, "compute_seconds", limit.compute());
    return json;
  }

  private static JsonObject lanes(Phase phase) {
    JsonObject json = new JsonObject();
    for (LaneTimes times : phase.lanes()) {
      JsonObject lane = new JsonObject();
      number(lane, "busy_seconds", times.busy() / 1e3);
      number(lane, "waiting_seconds", times.waiting() / 1e3);
      json.add(times.lane().name().toLowerCase(Locale.ROOT), lane);
    }
    return json;
  }

  private static JsonObject kernels(Phase phase) {
    JsonObject json = new JsonObject();
    phase.kernels().forEach((kernel, ms) -> number(json, kernel, ms / 1e3));
    return json;
  }

  private static JsonObject start(StartWatch.Figures start) {
    JsonObject json = new JsonObject();
    number(json, "seconds", start.startSeconds());
    number(json, "host_memory_seconds", start.memorySeconds());
    json.addProperty("host_memory_bytes", start.memoryBytes());
    return json;
  }

  private static JsonObject memory(BenchmarkReport.Findings found) {
    JsonObject json = new JsonObject();
    found
        .deviceMemory()
        .ifPresent(
            peak -> {
              json.addProperty(
                  "nvidia_smi_process_peak_bytes",
                  peak.processBytes().isPresent() ? peak.processBytes().getAsLong() : null);
              json.addProperty("nvidia_smi_card_peak_bytes", peak.cardBytes());
            });
    json.addProperty("device_peak_bytes", found.memory().deviceBytes());
    json.addProperty("page_table_bytes", found.memory().pageTableBytes());
    json.addProperty("device_budget_bytes", found.memory().deviceBudget());
    json.addProperty("host_peak_bytes", found.memory().hostBytes());
    json.addProperty("host_budget_bytes", found.memory().hostBudget());
    return json;
  }

  private static JsonObject rates(Rates rates) {
    JsonObject json = new JsonObject();
    number(json, "direct_reads", rates.direct());
    number(json, "cached_reads", rates.cached());
    number(json, "to_device", rates.toDevice());
    number(json, "to_host", rates.toHost());
    json.add("both_ways", together(rates.bothWays()));
    json.add("beside_direct_reads", together(rates.besideDirect()));
    json.add("beside_cached_reads", together(rates.besideCached()));
    number(json, "product_operations", rates.product());
    number(json, "expert_product_operations", rates.expertProducts());
    number(json, "conversion", rates.conversion());
    return json;
  }

  private static JsonObject together(Rates.Together rates) {
    JsonObject json = new JsonObject();
    number(json, "disk", rates.disk());
    number(json, "to_device", rates.toDevice());
    number(json, "to_host", rates.toHost());
    return json;
  }

  private static JsonObject comparison(Comparison c) {
    JsonObject json = new JsonObject();
    json.addProperty("rows", c.rows());
    number(json, "seconds", c.seconds());
    json.addProperty("sampled_rows", c.sampledRows());
    number(json, "sampled_seconds", c.sampledSeconds());
    number(json, "end_to_end_ratio", c.endToEndRatio());
    number(json, "single_sweep_seconds", c.singleSweep());
    json.addProperty("wave_rows", c.waveRows());
    number(json, "wave_sweep_seconds", c.waveSweep());
    number(json, "decode_ratio", c.decodeRatio());
    number(json, "products_seconds", c.products());
    number(json, "attention_seconds", c.attention());
    number(json, "conversion_seconds", c.conversion());
    number(json, "sweep_by_parts", c.sweepByParts());
    return json;
  }

  private static JsonArray sweeps(BenchmarkReport.Findings found) {
    JsonArray array = new JsonArray();
    for (Sweep sweep : found.sweeps()) {
      SweepFigures figures = sweep.figures();
      JsonObject json = new JsonObject();
      json.addProperty("rows", figures.rows());
      json.addProperty("prompt_tokens", figures.promptTokens());
      json.addProperty("new_tokens", figures.newTokens());
      number(json, "seconds", sweep.seconds());
      json.addProperty("disk_bytes", figures.diskBytes());
      json.addProperty("storage_bytes", sweep.storageBytes() < 0 ? null : sweep.storageBytes());
      json.addProperty("tile_bytes", figures.tileBytes());
      json.addProperty("expert_bytes", figures.expertBytes());
      json.addProperty("kv_to_device_bytes", figures.kvToDeviceBytes());
      json.addProperty("kv_to_host_bytes", figures.kvToHostBytes());
      json.addProperty("hidden_bytes", figures.hiddenBytes());
      number(json, "limit_seconds", found.decode().limits().of(sweep).seconds());
      json.addProperty("traced", sweep.isTraced());
      array.add(json);
    }
    return array;
  }

  /** JSON has no word for what is not a number. */
  private static void number(JsonObject json, String name, double value) {
    if (Double.isFinite(value)) {
      json.addProperty(name, value);
    } else {
      json.add(name, JsonNull.INSTANCE);
    }
  }
}
