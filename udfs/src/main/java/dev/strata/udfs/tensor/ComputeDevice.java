package dev.strata.udfs.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The device that kernels run on, and where tensors come from. Opened once per engine; closing it
 * with tensors open throws, naming their owners.
 */
public final class ComputeDevice implements AutoCloseable {

  private static final int BFLOAT16_CAPABILITY = 80;
  private static final int FUSED_ATTENTION_CAPABILITY = 80;

  /** Flash attention's kernels are made for heads of up to so many elements, a multiple of 8. */
  private static final int LARGEST_FUSED_HEAD = 256;

  private static final int FUSED_HEAD_UNIT = 8;

  /**
   * The host's memory used as that of a device apart: what only a GPU needs, rings and copies,
   * works there without one, and its lanes show what is not waited for.
   */
  private static final String STAGED = "staged";

  /** The same, whose copies run as early as they may rather than as late. */
  private static final String STAGED_EARLY = "staged-early";

  /** Larger tensors come from memory that the process has not used before. */
  private static final long LARGEST_POISONED_BYTES = 8L << 20;

  private final boolean host;
  private final boolean gpu;
  private final String name;
  private final boolean fuses;
  private final NumberType computeType;
  private final NativeCalls calls;
  private final Holdings holdings = new Holdings();
  private final PtNDManager manager;
  private final MemoryAccount deviceAccount = holdings.add(new MemoryAccount());
  private final MemoryAccount hostAccount = holdings.add(new MemoryAccount());
  private final HostAllocator hostAllocator;
  private final TorchScript script;
  private final SoftwareLanes software;
  private final DeviceLanes lanes;
  private final TorchScript poison;
  private final KernelThreads threads;
  private final Kernels kernels;
  private final Tensor none;

  private ComputeDevice(
      Device device,
      SoftwareLanes software,
      NumberType computeType,
      int threads,
      NativeCalls calls) {
    this.gpu = device.isGpu();
    this.software = software;
    this.host = !gpu && software == null;
    this.fuses = gpu && capability(device) >= FUSED_ATTENTION_CAPABILITY;
    this.computeType = computeType;
    this.calls = calls;
    this.name = gpu ? "cuda:" + device.getDeviceId() : "cpu";
    try {
      this.manager = holdings.add((PtNDManager) NDManager.newBaseManager(device, "PyTorch"));
      this.script = load("kernels", "Kernels");
      this.lanes = holdings.add(lanes());
      this.poison = software == null ? null : load("software", "Software");
      this.threads = gpu ? null : holdings.add(new KernelThreads(threads));
      this.kernels = holdings.add(new Kernels(this, script, !gpu));
      this.none = holdings.add(allocate("none", computeType, 0));
      this.hostAllocator = holdings.add(new HostAllocator(this));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private DeviceLanes lanes() {
    if (gpu) {
      return new CudaLanes(load("cuda", "Cuda"));
    }
    return host ? new HostLanes() : software;
  }

  /**
   * Opens a device.
   *
   * @param name {@code cpu}, {@code cuda}, {@code cuda:N} for the N-th GPU, or {@code auto} for a
   *     GPU where there is one
   * @param computeType {@code float32}, {@code bfloat16}, {@code float16}, or {@code auto} for the
   *     fastest that is exact enough: float32 on a CPU, bfloat16 on GPUs that have it, else float16
   * @param threads threads of a CPU's kernels; 0 for PyTorch's own choice
   * @throws IllegalArgumentException if the name or the type is none of these
   * @throws UnusableGpuException if there is no such GPU, or PyTorch's natives are not made for it
   */
  public static ComputeDevice open(String name, String computeType, int threads) {
    return open(name, computeType, threads, NativeCalls.DIRECT);
  }

  /** The same with another gate into native code. */
  static ComputeDevice open(String name, String computeType, int threads, NativeCalls calls) {
    Engine engine = engine();
    // The optimizer compiles anew for every shape; shapes here change with every wave.
    JniUtils.setGraphExecutorOptimize(false);
    Device device = device(name, engine);
    return new ComputeDevice(
        device, softwareLanes(name), computeType(computeType, device), threads, calls);
  }

  private static SoftwareLanes softwareLanes(String name) {
    return switch (name) {
      case STAGED -> new SoftwareLanes(false);
      case STAGED_EARLY -> new SoftwareLanes(true);
      default -> null;
    };
  }

  /** Whether PyTorch finds a GPU here, which {@code auto} then means. */
  public static boolean hasGpu() {
    return engine().getGpuCount() > 0;
  }

  private static Engine engine() {
    CudaRuntime.useThatOfNatives();
    return Engine.getEngine("PyTorch");
  }

  private static Device device(String name, Engine engine) {
    Device device = named(name, engine);
    if (device.isGpu()) {
      CudaRuntime.natives()
          .refusal(capability(device))
          .ifPresent(
              why -> {
                throw new UnusableGpuException(
                    "device is '%s', but GPU %d cannot be used: %s"
                        .formatted(name, device.getDeviceId(), why));
              });
    }
    return device;
  }

  private static Device named(String name, Engine engine) {
    return switch (name) {
      case "cpu", STAGED, STAGED_EARLY -> Device.cpu();
      case "auto" -> engine.getGpuCount() > 0 ? Device.gpu() : Device.cpu();
      case "cuda" -> numbered(name, 0, engine);
      default -> {
        if (!name.matches("cuda:\\d{1,4}")) {
          throw new IllegalArgumentException(
              "device is '" + name + "'; it must be auto, cpu or cuda");
        }
        yield numbered(name, Integer.parseInt(name.substring("cuda:".length())), engine);
      }
    };
  }

  private static Device numbered(String name, int index, Engine engine) {
    if (!engine.hasCapability(StandardCapabilities.CUDA)) {
      throw new UnusableGpuException(
          ("device is '%s', but PyTorch's natives here are for processors; start by"
                  + " submit-scripts/strata --gpu, which prepares those for GPUs, or use 'cpu'")
              .formatted(name));
    }
    int gpus = engine.getGpuCount();
    if (gpus == 0) {
      throw new UnusableGpuException(
          "device is '%s', but %s, or use 'cpu'"
              .formatted(name, CudaRuntime.natives().noGpu(CudaRuntime.driver())));
    }
    if (index >= gpus) {
      throw new UnusableGpuException(
          "device is '%s', but PyTorch finds %d GPUs here, counted from 0; ask for one of these, or use 'cpu'"
              .formatted(name, gpus));
    }
    return Device.gpu(index);
  }

  private static NumberType computeType(String name, Device device) {
    return switch (name) {
      case "float32" -> NumberType.FLOAT32;
      case "bfloat16" -> NumberType.BFLOAT16;
      case "float16" -> NumberType.FLOAT16;
      case "auto" -> fastestType(device);
      default ->
          throw new IllegalArgumentException(
              "compute type is '" + name + "'; it must be auto, float32, bfloat16 or float16");
    };
  }

  private static NumberType fastestType(Device device) {
    if (!device.isGpu()) {
      return NumberType.FLOAT32;
    }
    return capability(device) >= BFLOAT16_CAPABILITY ? NumberType.BFLOAT16 : NumberType.FLOAT16;
  }

  /** Ten times the compute capability, such as 90. */
  private static int capability(Device device) {
    return Integer.parseInt(CudaUtils.getComputeCapability(device.getDeviceId()));
  }

  /** Another script of this room. */
  TorchScript load(String resource, String className) {
    return TorchScript.load(resource, className, manager.getDevice(), name, calls, software);
  }

  /** The device's name, such as {@code cuda:0}: devices with one name have one memory. */
  public String name() {
    return host || gpu ? name : STAGED;
  }

  /** Whether the device is the host's own processor and memory. */
  public boolean isHost() {
    return host;
  }

  /** The type of activations, keys and values, and of the weights as kernels see them. */
  public NumberType computeType() {
    return computeType;
  }

  /**
   * The type of hidden states between stages. Float16's range is too small for them, and a CPU,
   * whose budget they hardly touch, keeps what bfloat16 would round away.
   */
  public NumberType residualType() {
    return residualType(computeType, threads != null);
  }

  /** The same for any device that computes in this type. */
  public static NumberType residualType(NumberType computeType, boolean onCpu) {
    return onCpu || computeType == NumberType.FLOAT16 ? NumberType.FLOAT32 : computeType;
  }

  /**
   * The type of activations between products.
   *
   * @param exact whether the model wants them as exact as products can take them: on CPUs in
   *     float32, to which weights are converted then
   */
  public NumberType activationType(boolean exact) {
    return exact && threads != null ? NumberType.FLOAT32 : computeType;
  }

  /**
   * Whether products are those of float32 numbers, whatever the types of weights and activations:
   * on CPUs, but for bfloat16 where the processor multiplies it itself.
   */
  boolean productsConvert() {
    return threads != null
        && (computeType != NumberType.BFLOAT16 || !ProcessorFeatures.multipliesBfloat16());
  }

  public Kernels kernels() {
    return kernels;
  }

  /** A tensor of no elements, which kernels take for "none". The device's own: not to be closed. */
  public Tensor none() {
    return none;
  }

  /** Whether host memory is pinned, and takes a power of two. */
  public boolean pinsMemory() {
    return gpu;
  }

  /**
   * Whether there is a kernel that attends over a whole ragged batch at once.
   *
   * @param headDim elements of a head
   */
  public boolean hasFusedAttention(int headDim) {
    return fuses && hasFusedAttention(computeType, headDim);
  }

  /** The same for GPUs of compute capability 8.0 and later. */
  public static boolean hasFusedAttention(NumberType computeType, int headDim) {
    return computeType.bytes() == Short.BYTES
        && headDim % FUSED_HEAD_UNIT == 0
        && headDim <= LARGEST_FUSED_HEAD;
  }

  /** How many small kernels may run side by side. */
  public int kernelThreads() {
    return threads == null ? 1 : threads.count();
  }

  /** Runs parts 0 to {@code parts - 1} of some work, on a CPU each on a thread of its own. */
  void sideBySide(int parts, IntConsumer work) {
    if (threads == null || parts == 1 || isQueued()) {
      IntStream.range(0, parts).forEach(work);
    } else {
      threads.run(parts, work);
    }
  }

  private boolean isQueued() {
    return software != null && software.isBound();
  }

  /** A lane of its own. */
  public Lane newLane(String name) {
    return lanes.newLane(name);
  }

  /** A lane of its own for copies alone. */
  public Lane newCopyLane(String name) {
    return lanes.newCopyLane(name);
  }

  public Mark newMark() {
    return lanes.newMark(false);
  }

  /**
   * A trace that starts now.
   *
   * @param lane the calling thread's
   */
  public Trace newTrace(Lane lane) {
    return new Trace(lanes, lane);
  }

  /** Gives back what PyTorch holds of the device's memory for allocations to come. */
  public void releaseCached() {
    if (gpu) {
      JniUtils.emptyCudaCache();
    }
  }

  /** Uninitialised memory on the device. */
  public Tensor allocate(String owner, NumberType type, long... shape) {
    Tensor tensor = account(owner, type, shape, script.call("empty", shape, type.code()));
    if (software != null && tensor.bytes() <= LARGEST_POISONED_BYTES) {
      poison.invoke("poison", List.of(tensor)).close();
    }
    return tensor;
  }

  /**
   * Says that nobody needs any more what is in a tensor: on the device once the lane's work so far
   * is done, in host memory from now on. A staged device takes it at its word; others do nothing.
   */
  public void discard(Tensor tensor) {
    if (software != null && tensor.elements() > 0) {
      poison.send("poison", List.of(tensor));
    }
  }

  /** Uninitialised memory on the host, pinned where the device is not the host. */
  public Tensor allocateHost(String owner, NumberType type, long... shape) {
    PtNDArray array = tensor(script.call("empty_host", shape, type.code(), pinsMemory()));
    long bytes = Rounding.host(bytes(type, shape), pinsMemory());
    return entered(hostAccount, owner, type, array, shape, true, bytes);
  }

  /**
   * Memory on the host that a sweep needs when so much of it is done, from 0 to 1. Where the device
   * is not the host it is allocated meanwhile, in this order.
   */
  public HostMemory hostMemory(String owner, NumberType type, double firstUse, long... shape) {
    if (!host) {
      return hostAllocator.request(owner, type, firstUse, shape);
    }
    HostMemory memory = new HostMemory(owner, type, firstUse, shape);
    memory.allocate(this);
    return memory;
  }

  /** Places in host memory of these sizes, all of which a sweep needs from its start. */
  public HostArena hostArena(String owner, NumberType type, List<Long> sizes) {
    return new HostArena(this, owner, type, sizes, false, place -> 0);
  }

  /** Bytes of host memory that were asked for ahead of their use. */
  public long hostBytesAhead() {
    return hostAllocator.requestedBytes();
  }

  /** Bytes of {@link #hostBytesAhead} that are there. */
  public long hostBytesThere() {
    return hostAllocator.allocatedBytes();
  }

  /**
   * Gives up host memory that was asked for and is not there yet; whoever waits for it is told. To
   * be called before what uses it is closed.
   */
  public void dropHostMemory() {
    hostAllocator.drop();
  }

  /** A vector of indexes on the device. */
  public Tensor indexes(long[] values) {
    Supplier<NDArray> made = () -> manager.create(values, new Shape(values.length));
    return account("indexes", NumberType.INT64, created("indexes", made), values.length);
  }

  /** A vector of 32-bit integers on the device. */
  public Tensor integers(int[] values) {
    Supplier<NDArray> made = () -> manager.create(values, new Shape(values.length));
    return account("integers", NumberType.INT32, created("integers", made), values.length);
  }

  /** A vector of float32 numbers on the device. */
  public Tensor floats(float[] values) {
    Supplier<NDArray> made = () -> manager.create(values, new Shape(values.length));
    return account("floats", NumberType.FLOAT32, created("floats", made), values.length);
  }

  /** Work that is queued outlives the Java buffer which is such a tensor's memory on the host. */
  private PtNDArray created(String what, Supplier<NDArray> made) {
    PtNDArray array = (PtNDArray) calls.other(what, made);
    if (software == null) {
      return array;
    }
    try (array) {
      return (PtNDArray) array.duplicate();
    }
  }

  /** What is allocated now, by whom. */
  public Footprint held() {
    return deviceAccount.held(Footprint.Place.DEVICE).plus(hostAccount.held(Footprint.Place.HOST));
  }

  /** The most bytes that were allocated on the device at once. */
  public long peakDeviceBytes() {
    return deviceAccount.peakBytes();
  }

  /** The most bytes that were allocated in host memory at once, besides the device's. */
  public long peakHostBytes() {
    return hostAccount.peakBytes();
  }

  /** The numbers of a float32 tensor, wherever it is. */
  float[] toFloats(Tensor x) {
    synchronize(x);
    return calls.other("to floats", () -> x.array().toFloatArray());
  }

  /** The numbers of an int64 tensor, wherever it is. */
  long[] toLongs(Tensor x) {
    synchronize(x);
    return calls.other("to longs", () -> x.array().toLongArray());
  }

  /** What is read from the device waits for the calling thread's lane, and for no other. */
  private void synchronize(Tensor x) {
    if (software != null && !x.isOnHost()) {
      software.synchronize();
    }
  }

  /** Takes a new tensor on the device into the account. */
  Tensor account(String owner, NumberType type, long[] shape, IValue value) {
    return account(owner, type, tensor(value), shape);
  }

  private Tensor account(String owner, NumberType type, PtNDArray array, long... shape) {
    return entered(deviceAccount, owner, type, array, shape, false, bytes(type, shape));
  }

  /** A view of another tensor's memory: it must be closed, but has no bytes of its own. */
  Tensor view(String owner, Tensor of, NumberType type, long[] shape, IValue value) {
    return entered(deviceAccount, owner, type, tensor(value), shape, of.isOnHost(), 0);
  }

  private static Tensor entered(
      MemoryAccount account,
      String owner,
      NumberType type,
      PtNDArray array,
      long[] shape,
      boolean onHost,
      long bytes) {
    try {
      return new Tensor(array, type, shape, onHost, account.allocated(owner, bytes));
    } catch (Throwable e) {
      Holdings.closeAfter(e, array);
      throw e;
    }
  }

  private PtNDArray tensor(IValue value) {
    try (value) {
      return value.toTensor(manager);
    }
  }

  static long bytes(NumberType type, long[] shape) {
    return type.bytes() * Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
