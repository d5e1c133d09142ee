package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/**
 * What a device can do, measured by itself: copies, products, and the parts of a sweep. All by the
 * same library, the same operators and the same kind of memory as the engine's. Rates are per
 * second of the wall clock. Several threads may measure at once, to learn what they leave to each
 * other.
 *
 * <p>It holds 256 MiB in host memory and on a GPU as much there; a measurement holds what it says.
 */
public final class DeviceRates implements AutoCloseable {

  private static final long COPY_BYTES = 64L << 20;
  private static final long LARGEST_CACHE_BYTES = 256L << 20;
  private static final long BATCH_NANOS = 20_000_000;
  private static final int LARGEST_BATCH = 1 << 20;

  private final ComputeDevice device;
  private final TorchScript rates;
  private final Holdings holdings = new Holdings();
  private final Tensor hostSource;
  private final Tensor hostTarget;
  private final Tensor deviceSource;
  private final Tensor deviceTarget;

  private DeviceRates(ComputeDevice device) {
    this.device = holdings.add(device);
    try {
      this.rates = device.load("rates", "Rates");
      this.hostSource = holdings.add(onHost(COPY_BYTES));
      this.hostTarget = holdings.add(onHost(COPY_BYTES));
      this.deviceSource = holdings.add(onDevice(COPY_BYTES));
      this.deviceTarget = holdings.add(onDevice(COPY_BYTES));
      clear(hostSource);
      clear(hostTarget);
      run("copy", deviceSource, hostSource, 1L);
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /**
   * Opens a device; parameters and errors are those of {@link ComputeDevice#open}. An engine that
   * is open at the same time takes from what is measured.
   */
  public static DeviceRates open(String name, String computeType, int threads) {
    return new DeviceRates(ComputeDevice.open(name, computeType, threads));
  }

  private Tensor onHost(long bytes) {
    return device.allocateHost("rates", NumberType.UINT8, bytes);
  }

  private Tensor onDevice(long bytes) {
    return device.allocate("rates", NumberType.UINT8, bytes);
  }

  /** Memory that was never written may not be there. */
  private static void clear(Tensor host) {
    ByteBuffer bytes = host.buffer();
    while (bytes.remaining() >= Long.BYTES) {
      bytes.putLong(0);
    }
  }

  /** Whether the device is the host's own processor and memory. */
  public boolean isHost() {
    return device.isHost();
  }

  /** The type that {@code auto} stands for, or the one that was named. */
  public NumberType computeType() {
    return device.computeType();
  }

  /**
   * Bytes copied from (pinned) host memory to the device.
   *
   * @param seconds how long to measure
   */
  public double copyToDevice(double seconds) {
    try (Queue queue = new Queue()) {
      return COPY_BYTES * copiesPerSecond(queue, seconds, hostSource, deviceTarget);
    }
  }

  /** Bytes copied from the device to (pinned) host memory. */
  public double copyToHost(double seconds) {
    try (Queue queue = new Queue()) {
      return COPY_BYTES * queue.callsPerSecond(seconds, "copy", hostTarget, deviceSource);
    }
  }

  /** Bytes of bfloat16 numbers that are converted to float32. */
  public double conversion(double seconds) {
    long elements = COPY_BYTES / 2;
    try (Queue queue = new Queue();
        Tensor stored = device.allocate("rates", NumberType.BFLOAT16, elements);
        Tensor converted = device.allocate("rates", NumberType.FLOAT32, elements)) {
      run("fill", stored);
      return COPY_BYTES * copiesPerSecond(queue, seconds, stored, converted);
    }
  }

  /** On a CPU its threads copy, and convert, a part each. */
  private double copiesPerSecond(Queue queue, double seconds, Tensor source, Tensor target) {
    if (!device.isHost()) {
      return queue.callsPerSecond(seconds, "copy", target, source);
    }
    int parts = device.kernelThreads();
    long elements = source.elements();
    IntConsumer copy =
        part -> {
          long begin = elements * part / parts;
          long end = elements * (part + 1) / parts;
          device.kernels().copyFlat(source, begin, end - begin, target, begin);
        };
    return queue.callsPerSecond(
        seconds, times -> LongStream.range(0, times).forEach(i -> device.sideBySide(parts, copy)));
  }

  /**
   * Operations, two for each multiplication, of products [n, columns] · [rows, columns]ᵀ in the
   * compute type.
   */
  public double products(double seconds, long n, long columns, long rows) {
    return 2.0 * n * columns * rows / productSeconds(seconds, n, columns, rows);
  }

  /**
   * Seconds of one product [n, columns] · [rows, columns]ᵀ in the compute type.
   *
   * @param seconds how long to measure
   */
  public double productSeconds(double seconds, long n, long columns, long rows) {
    NumberType type = device.computeType();
    try (Queue queue = new Queue();
        Tensor x = device.allocate("rates", type, n, columns);
        Tensor w = device.allocate("rates", type, rows, columns);
        Tensor out = device.allocate("rates", type, n, rows)) {
      run("fill", x);
      run("fill", w);
      return 1
          / (device.isHost()
              ? queue.callsPerSecond(seconds, times -> multiply(x, n, w, out, times))
              : queue.callsPerSecond(seconds, "product", x, w, out));
    }
  }

  /**
   * Operations of as many products at once, [batch, n, columns] · [batch, rows, columns]ᵀ; on a CPU
   * one after the other.
   */
  public double batchedProducts(double seconds, long batch, long n, long columns, long rows) {
    if (device.isHost()) {
      return products(seconds, n, columns, rows);
    }
    NumberType type = device.computeType();
    try (Queue queue = new Queue();
        Tensor x = device.allocate("rates", type, batch, n, columns);
        Tensor w = device.allocate("rates", type, batch, rows, columns);
        Tensor out = device.allocate("rates", type, batch, n, rows)) {
      run("fill", x);
      run("fill", w);
      return 2.0
          * batch
          * n
          * columns
          * rows
          * queue.callsPerSecond(seconds, "products", x, w, out);
    }
  }

  private void multiply(Tensor x, long n, Tensor w, Tensor out, long times) {
    for (long i = 0; i < times; i++) {
      device.kernels().products().storeProduct(x, n, w, device.none(), 0, out, 0);
    }
  }

  /** Seconds of converting a tile of bfloat16 numbers to the compute type. */
  public double conversionSeconds(double seconds, long elements) {
    try (Queue queue = new Queue();
        Tensor stored = device.allocate("rates", NumberType.BFLOAT16, elements);
        Tensor converted = device.allocate("rates", device.computeType(), elements)) {
      run("fill", stored);
      return 1 / copiesPerSecond(queue, seconds, stored, converted);
    }
  }

  /**
   * Seconds of one layer's attention of a sweep that chooses a token for each sequence. As in a
   * sweep, no layer finds its keys and values in a cache: there are as many layers' as take 256
   * MiB, or all.
   *
   * @param length tokens of each sequence
   */
  public double attentionSeconds(
      double seconds,
      int layers,
      long sequences,
      long length,
      long heads,
      long kvHeads,
      long headDim) {
    NumberType type = device.computeType();
    long slots = sequences * length;
    long layerBytes = slots * 2 * kvHeads * headDim * type.bytes();
    int kept = (int) Math.min(layers, LARGEST_CACHE_BYTES / layerBytes + 1);
    try (Queue queue = new Queue();
        Tensor q = device.allocate("rates", type, sequences, heads, headDim);
        Tensor kv = device.allocate("rates", type, kept * slots, 2, kvHeads, headDim);
        Tensor out = device.allocate("rates", type, sequences, heads * headDim);
        Segments segments = new Segments((int) sequences)) {
      run("fill", q);
      run("fill", kv);
      for (int i = 0; i < sequences; i++) {
        segments.set(i, i, 1, i * length, length);
      }
      if (device.hasFusedAttention((int) headDim)) {
        segments.upload(device);
      }
      AttentionKernels.Scores plain = new AttentionKernels.Scores(0, 1, 0, device.none());
      LongConsumer attend =
          layer -> {
            try (Tensor own = device.kernels().part(kv, layer * slots, (layer + 1) * slots)) {
              device.kernels().attention().attend(q, own, segments, plain, out, 0);
            }
          };
      return 1
          / queue.callsPerSecond(
              seconds, times -> LongStream.range(0, times).map(i -> i % kept).forEach(attend));
    }
  }

  /** Host memory of the kind that tiles are read into, {@code bytes} for each of some threads. */
  public List<ByteBuffer> readBuffers(int count, long bytes) {
    List<ByteBuffer> places = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      places.add(holdings.add(onHost(bytes)).buffer());
    }
    return places;
  }

  /** The calling thread's own queue of work. */
  private final class Queue implements AutoCloseable {
    private final Lane lane = device.newLane("rates");
    private final Mark done = device.newMark();

    Queue() {
      try {
        lane.bind();
      } catch (Throwable e) {
        Holdings.closeAfter(e, this);
        throw e;
      }
    }

    double callsPerSecond(double seconds, String method, Tensor... tensors) {
      Object[] arguments = Arrays.copyOf(tensors, tensors.length + 1, Object[].class);
      return callsPerSecond(
          seconds,
          times -> {
            arguments[tensors.length] = times;
            run(method, arguments);
          });
    }

    /** Repeats the call, after two that are not counted. */
    double callsPerSecond(double seconds, LongConsumer calls) {
      nanosOf(1, calls);
      long batch = batch(nanosOf(1, calls));
      long nanos = 0;
      long done = 0;
      while (nanos < seconds * 1e9) {
        nanos += nanosOf(batch, calls);
        done += batch;
      }
      return done * 1e9 / nanos;
    }

    private long nanosOf(long times, LongConsumer calls) {
      long start = System.nanoTime();
      calls.accept(times);
      lane.record(done);
      done.awaitOnHost();
      return System.nanoTime() - start;
    }

    @Override
    public void close() {
      done.close();
      lane.close();
    }
  }

  /** As many calls as hide what sending them costs. */
  private static long batch(long nanosOfOne) {
    return Math.max(1, Math.min(LARGEST_BATCH, BATCH_NANOS / Math.max(1, nanosOfOne)));
  }

  private void run(String method, Object... arguments) {
    rates.run(method, arguments);
  }

  /** Gives all memory back, also what PyTorch would keep for allocations to come. */
  @Override
  public void close() {
    holdings.close();
    if (!device.isHost()) {
      JniUtils.emptyCudaCache();
    }
  }
}
