package dev.strata.udfs.tools;

import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.engine.EnginePreview;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Examines the machine that it runs on, in some seconds and without a Spark session: Java, Spark,
 * the processor, GPUs, PyTorch's natives, memory, room on disks, the model, and the disk that the
 * model is on. Reads all of the model where that is asked for.
 */
public final class Doctor {

  private final Map<String, String> settings;
  private final StrataConf conf;
  private final List<Gpu> gpus;

  private Doctor(Map<String, String> settings) {
    this.settings = settings;
    this.conf = StrataConf.of(settings);
    this.gpus = conf.get(StrataKeys.DEVICE).equals("cpu") ? List.of() : Gpu.list();
  }

  /**
   * Examines the machine for a run with these settings.
   *
   * @param verify whether to read all of the model
   * @param told hears of each finding as soon as it is there
   * @return all of them
   * @throws StrataException if the settings make no sense
   */
  public static List<Finding> examine(
      Map<String, String> settings, boolean verify, Consumer<Finding> told) {
    Doctor doctor = new Doctor(settings);
    Stream<Supplier<Finding>> last = verify ? Stream.of(doctor::weights) : Stream.of();
    return Stream.of(doctor.checks(), doctor.plan(), last)
        .flatMap(checks -> checks)
        .map(Doctor::found)
        .peek(told)
        .toList();
  }

  /**
   * Examines the device alone, and runs a kernel on it.
   *
   * @param told hears of each finding as soon as it is there
   * @return all of them
   * @throws StrataException if the settings make no sense
   */
  public static List<Finding> examineDevice(Map<String, String> settings, Consumer<Finding> told) {
    Doctor doctor = new Doctor(settings);
    String device = doctor.conf.get(StrataKeys.DEVICE);
    Stream<Supplier<Finding>> checks =
        Stream.of(() -> Gpu.check(device, doctor.gpus, 0), doctor::natives);
    return checks.map(Doctor::found).peek(told).toList();
  }

  private Finding natives() {
    return Natives.check(settings, conf.get(StrataKeys.DEVICE), !gpus.isEmpty());
  }

  /** An error that no check foresaw is one finding, and the others are made. */
  private static Finding found(Supplier<Finding> check) {
    try {
      return JvmErrors.told(check);
    } catch (StrataException e) {
      return Finding.failed("doctor", e);
    }
  }

  private Finding weights() {
    return WeightCheck.check(conf.get(StrataKeys.MODEL), conf.modelStaging());
  }

  /** The first of those that Spark would use; the environment's come before its own key's. */
  private Path scratch() {
    String named =
        System.getenv()
            .getOrDefault(
                "SPARK_LOCAL_DIRS",
                settings.getOrDefault("spark.local.dir", System.getProperty("java.io.tmpdir")));
    return Path.of(named.split(",", 2)[0].trim());
  }

  /** What a run takes of a GPU's memory, where there is one. */
  private Stream<Supplier<Finding>> plan() {
    boolean has = !gpus.isEmpty() && conf.find(StrataKeys.MODEL).isPresent();
    return has ? Stream.of(() -> PlanCheck.check(conf.engineOptions())) : Stream.of();
  }

  private Stream<Supplier<Finding>> checks() {
    String device = conf.get(StrataKeys.DEVICE);
    long deviceMemory = conf.get(StrataKeys.DEVICE_MEMORY);
    return Stream.of(
        () -> Platform.java(Runtime.version().feature(), System.getProperty("java.vendor")),
        () -> Platform.spark(System.getenv("SPARK_HOME")),
        () ->
            Platform.processor(
                Runtime.getRuntime().availableProcessors(), EnginePreview.hasBfloat16Units()),
        () -> Gpu.check(device, gpus, deviceMemory),
        this::natives,
        () -> Memory.check(conf.get(StrataKeys.HOST_MEMORY)),
        () -> Space.check(scratch(), conf.get(StrataKeys.MODEL), conf.modelStaging()),
        () -> ModelCheck.check(conf.get(StrataKeys.MODEL)),
        () -> DiskRate.check(conf.get(StrataKeys.MODEL)));
  }
}
