package dev.strata.udfs.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The device that kernels run on, and where tensors come from. Opened once per engine; closing it
 * with tensors open throws, naming their owners.
 */
public final class ComputeDevice implements AutoCloseable {

  private static final int BFLOAT16_CAPABILITY = 80;

  private final boolean host;
  private final NumberType computeType;
  private final PtNDManager manager;
  private final MemoryAccount account = new MemoryAccount();
  private final TorchScript script;
  private final TorchScript cuda;
  private final IValue computeStream;
  private final Kernels kernels;
  private final Tensor none;

  private ComputeDevice(Device device, NumberType computeType) {
    this.host = !device.isGpu();
    this.computeType = computeType;
    this.manager = (PtNDManager) NDManager.newBaseManager(device, "PyTorch");
    String name = host ? "cpu" : "cuda:" + device.getDeviceId();
    this.script = TorchScript.load(manager, "kernels", "Kernels", name);
    this.cuda = host ? null : TorchScript.load(manager, "cuda", "Cuda", name);
    this.computeStream = host ? null : cuda.call("new_stream");
    this.kernels = new Kernels(this, script);
    this.none = allocate("none", computeType, 0);
  }

  /**
   * Opens a device.
   *
   * @param name {@code cpu}, {@code cuda}, {@code cuda:N} for the N-th GPU, or {@code auto} for a
   *     GPU where there is one
   * @param computeType {@code float32}, {@code bfloat16}, {@code float16}, or {@code auto} for the
   *     fastest that is exact enough: float32 on a CPU, bfloat16 on GPUs that have it, else float16
   * @param threads threads of a CPU's kernels, for the whole process; 0 for PyTorch's own choice
   * @throws IllegalArgumentException if the name or the type is none of these, or there is no such
   *     device
   */
  public static ComputeDevice open(String name, String computeType, int threads) {
    Engine engine = Engine.getEngine("PyTorch");
    // The optimizer compiles anew for every shape; shapes here change with every wave.
    JniUtils.setGraphExecutorOptimize(false);
    if (threads > 0) {
      JniUtils.setNumThreads(threads);
    }
    Device device = device(name, engine.getGpuCount());
    return new ComputeDevice(device, computeType(computeType, device));
  }

  private static Device device(String name, int gpus) {
    return switch (name) {
      case "cpu" -> Device.cpu();
      case "auto" -> gpus > 0 ? Device.gpu() : Device.cpu();
      case "cuda" -> {
        if (gpus == 0) {
          throw new IllegalArgumentException(
              "device is 'cuda', but PyTorch finds no GPU here; use 'cpu', or install the CUDA natives");
        }
        yield Device.gpu();
      }
      default -> numbered(name, gpus);
    };
  }

  private static Device numbered(String name, int gpus) {
    if (!name.matches("cuda:\\d{1,4}")) {
      throw new IllegalArgumentException("device is '" + name + "'; it must be auto, cpu or cuda");
    }
    int index = Integer.parseInt(name.substring("cuda:".length()));
    if (index >= gpus) {
      throw new IllegalArgumentException(
          String.format(
              "device is '%s', but PyTorch finds %d GPUs here, counted from 0; use 'cpu', or install"
                  + " the CUDA natives",
              name, gpus));
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
    int capability = Integer.parseInt(CudaUtils.getComputeCapability(device.getDeviceId()));
    return capability >= BFLOAT16_CAPABILITY ? NumberType.BFLOAT16 : NumberType.FLOAT16;
  }

  /** Whether the device is the host's own processor and memory. */
  public boolean isHost() {
    return host;
  }

  /** The type of activations, keys and values, and of the weights as kernels see them. */
  public NumberType computeType() {
    return computeType;
  }

  public Kernels kernels() {
    return kernels;
  }

  /** A tensor of no elements, which kernels take for "none". The device's own: not to be closed. */
  public Tensor none() {
    return none;
  }

  /**
   * Sends the calling thread's kernels to the stream that slots are ordered with; once for a
   * computing thread.
   */
  public void computeOnThisThread() {
    if (!host) {
      cuda.run("use_stream", computeStream);
    }
  }

  /** Uninitialised memory on the device. */
  public Tensor allocate(String owner, NumberType type, long... shape) {
    return account(owner, type, shape, script.call("empty", shape, type.code()));
  }

  /** Uninitialised memory on the host, pinned where the device is not the host. */
  public Tensor allocateHost(String owner, NumberType type, long... shape) {
    return account(owner, type, shape, script.call("empty_host", shape, type.code(), !host));
  }

  /** A vector of indexes on the device. */
  public Tensor indexes(long[] values) {
    PtNDArray array = (PtNDArray) manager.create(values, new Shape(values.length));
    return account("indexes", NumberType.INT64, array, values.length);
  }

  /** A vector of float32 numbers on the device. */
  public Tensor floats(float[] values) {
    PtNDArray array = (PtNDArray) manager.create(values, new Shape(values.length));
    return account("floats", NumberType.FLOAT32, array, values.length);
  }

  /**
   * A ring of {@code count} slots of {@code bytes} bytes, seen by kernels as elements of {@code
   * type}.
   */
  public DeviceSlots slots(int count, long bytes, NumberType type) {
    long elements = (bytes + type.bytes() - 1) / type.bytes();
    List<Tensor> readInto =
        Stream.generate(() -> allocateHost("tile ring", type, elements)).limit(count).toList();
    if (host) {
      return new HostSlots(readInto);
    }
    List<Tensor> copiedTo =
        Stream.generate(() -> allocate("tile ring", type, elements)).limit(count).toList();
    return new CudaSlots(cuda, computeStream, readInto, copiedTo);
  }

  /** The most bytes that were allocated at once, on host and device together. */
  public long peakBytes() {
    return account.peakBytes();
  }

  Tensor account(String owner, NumberType type, long[] shape, IValue value) {
    try (value) {
      return account(owner, type, value.toTensor(manager), shape);
    }
  }

  private Tensor account(String owner, NumberType type, PtNDArray array, long... shape) {
    long bytes = type.bytes() * Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return new Tensor(array, type, shape, account.allocated(owner, bytes));
  }

  @Override
  public void close() {
    none.close();
    script.close();
    if (!host) {
      computeStream.close();
      cuda.close();
    }
    manager.close();
    account.close();
  }
}
