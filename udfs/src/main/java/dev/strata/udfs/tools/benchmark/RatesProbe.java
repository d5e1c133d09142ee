package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.tensor.DeviceRates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures {@link Rates}, with the engine closed. What shares the bus and host memory in a sweep is
 * measured together too: reads, copies to the device and copies back at the same time.
 */
final class RatesProbe {

  private static final double SECONDS = 1;

  /** A disk's rate differs from one second to the next: as long as sweeps that read take. */
  private static final double DISK_SECONDS = 8;

  private static final int MOST_READERS = 16;

  /** A budget that the larger product fits, with the context of the device's library. */
  private static final long LARGE_DEVICE = 2L << 30;

  /** Tokens of a micro-batch, as memory plans have it where experts are. */
  private static final int BLOCK_TOKENS = 4096;

  /** Elements of experts' matrices that are multiplied at once at most, so that they fit. */
  private static final long MOST_ELEMENTS = 256L << 20;

  private final DeviceRates device;
  private final DiskReads disk;
  private final List<ByteBuffer> buffers;
  private final long deviceMemory;

  private RatesProbe(DeviceRates device, DiskReads disk, long deviceMemory) {
    this.device = device;
    this.disk = disk;
    this.deviceMemory = deviceMemory;
    int readers = Math.min(MOST_READERS, Runtime.getRuntime().availableProcessors());
    this.buffers = device.readBuffers(readers, DiskReads.BLOCK_BYTES + DiskReads.ALIGNMENT);
  }

  /** Takes about half a minute. */
  static Rates measure(EngineOptions options, ModelWork model)
      throws IOException, InterruptedException {
    try (DeviceRates device =
        DeviceRates.open(options.device(), options.computeType(), options.threads())) {
      DiskReads disk = DiskReads.of(Path.of(options.model()));
      return new RatesProbe(device, disk, options.deviceMemory()).measure(model);
    }
  }

  private Rates measure(ModelWork model) throws IOException, InterruptedException {
    boolean host = device.isHost();
    return new Rates(
        read(true),
        read(false),
        device.copyToDevice(SECONDS),
        host ? Double.NaN : device.copyToHost(SECONDS),
        host
            ? Rates.Together.NONE
            : together(SECONDS, () -> Double.NaN, () -> device.copyToHost(SECONDS)),
        host ? Rates.Together.NONE : together(DISK_SECONDS, () -> read(true), () -> Double.NaN),
        host ? Rates.Together.NONE : together(SECONDS, () -> read(false), () -> Double.NaN),
        product(),
        model.largestOfExperts().map(this::expertProducts).orElse(Double.NaN),
        host ? device.conversion(SECONDS) : Double.NaN);
  }

  private double read(boolean direct) throws IOException, InterruptedException {
    if (disk.isEmpty()) {
      return Double.NaN;
    }
    try {
      return disk.bytesPerSecond(direct, direct ? DISK_SECONDS : SECONDS, buffers);
    } catch (IOException | UnsupportedOperationException e) {
      if (direct) {
        return Double.NaN; // a file system without direct reads
      }
      throw e;
    }
  }

  private Rates.Together together(
      double seconds, Callable<Double> reads, Callable<Double> copiesBack)
      throws IOException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      Future<Double> disk = threads.submit(reads);
      Future<Double> toDevice = threads.submit(() -> device.copyToDevice(seconds));
      Future<Double> toHost = threads.submit(copiesBack);
      return new Rates.Together(disk.get(), toDevice.get(), toHost.get());
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** Each expert's matrix with its tokens of a micro-batch; as many experts as fit. */
  private double expertProducts(ModelWork.Matrix matrix) {
    long rows = Math.max(1, Math.round(BLOCK_TOKENS * matrix.share()));
    long experts =
        Math.max(1, Math.min(Math.round(1 / matrix.share()), MOST_ELEMENTS / matrix.elements()));
    return device.batchedProducts(SECONDS, experts, rows, matrix.columns(), matrix.rows());
  }

  /** As large as the feed-forward of a large model; on a CPU as large as takes a moment. */
  private double product() {
    if (device.isHost()) {
      return device.products(SECONDS, 1024, 2048, 2048);
    }
    return device.products(SECONDS, deviceMemory >= LARGE_DEVICE ? 16_384 : 4096, 8192, 8192);
  }
}
