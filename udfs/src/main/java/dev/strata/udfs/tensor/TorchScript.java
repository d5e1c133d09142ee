package dev.strata.udfs.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript module made from source text: zipped in memory with a pickled instance of its class
 * into the archive that {@code torch.jit.load} reads. Calling a method is one crossing into native
 * code.
 *
 * <p>PyTorch makes a method ready when it is called first, which for all kernels takes most of an
 * engine's start. Modules hold nothing but their text, so that all engines of a process use the
 * same ones, which stay, like the native libraries.
 */
final class TorchScript {

  /** A module's text, and the device that it names. */
  private record Source(String name, String device) {}

  private static final Map<Source, PtSymbolBlock> MODULES = new ConcurrentHashMap<>();

  // Pickle of an instance of the class named between the two parts, with the one attribute that
  // modules must have.
  private static final byte[] PICKLE_HEAD = {(byte) 0x80, 2};
  private static final byte[] PICKLE_TAIL = {
    ')',
    (byte) 0x81,
    '}',
    '(',
    'X',
    8,
    0,
    0,
    0,
    't',
    'r',
    'a',
    'i',
    'n',
    'i',
    'n',
    'g',
    (byte) 0x89,
    'u',
    'b',
    '.'
  };
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private final PtSymbolBlock block;
  private final NativeCalls calls;
  private final SoftwareLanes lanes;

  private TorchScript(PtSymbolBlock block, NativeCalls calls, SoftwareLanes lanes) {
    this.block = block;
    this.calls = calls;
    this.lanes = lanes;
  }

  /**
   * A resource of this room.
   *
   * @param name the resource, {@code name.py}, which holds the class {@code className}
   * @param device where its methods run
   * @param deviceName what stands for {@code @DEVICE@} in the text
   * @param calls how its methods are called
   * @param lanes where calls wait that need not be done at once, or null where the device does that
   */
  static TorchScript load(
      String name,
      String className,
      Device device,
      String deviceName,
      NativeCalls calls,
      SoftwareLanes lanes) {
    Source source = new Source(name, deviceName);
    return calls.other(
        name,
        () ->
            new TorchScript(
                MODULES.computeIfAbsent(source, s -> module(s, className, device)), calls, lanes));
  }

  private static PtSymbolBlock module(Source source, String className, Device device) {
    try (InputStream in = TorchScript.class.getResourceAsStream(source.name() + ".py")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      byte[] archive = archive(className, text.replace("@DEVICE@", source.device()));
      PtNDManager manager = (PtNDManager) NDManager.newBaseManager(device, "PyTorch");
      return JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] archive(String className, String source) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      put(zip, "data.pkl", pickle(className));
      put(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      put(zip, "constants.pkl", NO_CONSTANTS);
      put(zip, "version", "3\n".getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  private static byte[] pickle(String className) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(PICKLE_HEAD);
    out.writeBytes(("c__torch__\n" + className + "\n").getBytes(StandardCharsets.UTF_8));
    out.writeBytes(PICKLE_TAIL);
    return out.toByteArray();
  }

  // PyTorch reads only entries that are stored, not deflated.
  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(bytes);
    ZipEntry entry = new ZipEntry("module/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCompressedSize(bytes.length);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  /**
   * Calls a method; arguments are {@link Tensor}, Long, Integer, Double, Boolean, long[] or IValue.
   */
  IValue call(String method, Object... arguments) {
    return calls.call(new ScriptCall(this, method, List.of(arguments)));
  }

  /** Calls a method that returns a floating-point number. */
  double number(String method, Object... arguments) {
    try (IValue result = call(method, arguments)) {
      return result.toDouble();
    }
  }

  /** Arguments of a call that come in parts. */
  static Object[] joined(Object[]... parts) {
    Object[] all = new Object[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (Object[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** Calls a method for what it does to its arguments. */
  void run(String method, Object... arguments) {
    calls.run(new ScriptCall(this, method, List.of(arguments)));
  }

  /** The same, of a method that waits for host memory to be read or written. */
  void runBlocking(String method, Object... arguments) {
    run(method, arguments);
    if (lanes != null) {
      lanes.synchronize();
    }
  }

  /** Fills what a call returned with what it returns when the lane's work before it is done. */
  void fill(Tensor target, String method, Object... arguments) {
    List<Object> list = List.of(arguments);
    if (isQueued(list)) {
      lanes.send(new Filling(target, new Prepared(method, list)));
    }
  }

  /** Calls a method here and now. */
  IValue invoke(String method, List<Object> arguments) {
    try (Prepared call = new Prepared(method, arguments)) {
      return call.invoke();
    }
  }

  /** Calls a method here and now, or queues the call in the calling thread's lane. */
  void send(String method, List<Object> arguments) {
    if (isQueued(arguments)) {
      lanes.send(new Prepared(method, arguments));
    } else {
      invoke(method, arguments).close();
    }
  }

  /** What is in host memory alone is not the lane's to wait for. */
  private boolean isQueued(List<Object> arguments) {
    return lanes != null
        && lanes.isBound()
        && arguments.stream().anyMatch(x -> x instanceof Tensor tensor && !tensor.isOnHost());
  }

  /** A call whose result goes to a tensor that is there already. */
  private record Filling(IValue target, Prepared call) implements SoftwareLanes.Work {

    Filling(Tensor target, Prepared call) {
      this(IValue.from(target.array()), call);
    }

    @Override
    public void run() {
      try (IValue result = call.invoke()) {
        call.script().invoke("copy_all", List.of(result, target)).close();
      }
    }

    @Override
    public void close() {
      target.close();
      call.close();
    }
  }

  /** A call whose tensors live on until it is made, also those that are closed before. */
  private final class Prepared implements SoftwareLanes.Work {

    private final String method;
    private final List<Object> arguments;
    private final IValue[] values;

    Prepared(String method, List<Object> arguments) {
      this.method = method;
      this.arguments = arguments;
      this.values = new IValue[arguments.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(arguments.get(i));
      }
    }

    TorchScript script() {
      return TorchScript.this;
    }

    IValue invoke() {
      return IValueUtils.runMethod(block, method, values);
    }

    @Override
    public void run() {
      invoke().close();
    }

    @Override
    public void close() {
      for (int i = 0; i < values.length; i++) {
        if (values[i] != arguments.get(i)) {
          values[i].close();
        }
      }
    }
  }

  private static IValue value(Object argument) {
    if (argument instanceof Tensor tensor) {
      return IValue.from(tensor.array());
    }
    if (argument instanceof Long number) {
      return IValue.from(number);
    }
    if (argument instanceof Integer number) {
      return IValue.from(number.longValue());
    }
    if (argument instanceof Double number) {
      return IValue.from(number);
    }
    if (argument instanceof Boolean truth) {
      return IValue.from(truth);
    }
    if (argument instanceof long[] list) {
      return IValue.listFrom(list);
    }
    if (argument instanceof IValue value) {
      return value;
    }
    throw new IllegalArgumentException("a kernel takes no " + argument.getClass().getName());
  }
}
