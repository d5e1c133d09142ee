package dev.strata.udfs.kv;

import static dev.strata.udfs.tensor.Footprint.Place.DEVICE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What kernels take that quantise keys and values is what is declared, by the kernel's count. */
class KvConversionTest {

  private static final int TOKENS = 7000;
  private static final KvFormat PLAIN = format(NumberType.BFLOAT16, 128);
  private static final KvFormat QUANTIZED = format(NumberType.UINT8, 128 + Float.BYTES);

  private static KvFormat format(NumberType type, int width) {
    return new KvFormat(type, List.of(new KvFormat.Heads(8, width, 0)));
  }

  /** A JVM of its own, in which memory that is given back is the process's no more. */
  @Test
  void kernelsTakeWhatIsDeclared() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            KvConversionTest.class.getName());
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "65536");
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    long declared = StreamedKv.conversion(QUANTIZED, PLAIN, TOKENS, TOKENS).bytes(DEVICE);
    assertThat(peak(output, "quantize")).as(output).isBetween(declared * 3 / 4, declared * 5 / 4);
    assertThat(peak(output, "dequantize")).as(output).isLessThanOrEqualTo(declared * 5 / 4);
  }

  private static long peak(String output, String kernel) {
    return output
        .lines()
        .filter(line -> line.startsWith(kernel + " "))
        .mapToLong(line -> Long.parseLong(line.substring(kernel.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** The other JVM. */
  public static void main(String[] arguments) throws IOException {
    try (ComputeDevice device = ComputeDevice.open("staged", "bfloat16", 1);
        Tensor plain = device.allocate("plain", PLAIN.type(), PLAIN.shape(0, TOKENS));
        Tensor quantized =
            device.allocate("quantized", QUANTIZED.type(), QUANTIZED.shape(0, TOKENS))) {
      touchAndLoad(device, plain, quantized);
      long out = peak(() -> device.kernels().attention().quantize(plain, TOKENS, quantized));
      long in = peak(() -> device.kernels().attention().dequantize(quantized, TOKENS, plain));
      System.out.printf("quantize %d%ndequantize %d%n", out, in);
    }
  }

  /** All of the tensors' pages are there, and so is the kernels' code. */
  private static void touchAndLoad(ComputeDevice device, Tensor plain, Tensor quantized) {
    for (int token = 0; token < TOKENS; token++) {
      device.kernels().copy(plain, 0, 1, plain, token);
      device.kernels().copy(quantized, 0, 1, quantized, token);
    }
    device.kernels().attention().quantize(plain, 1, quantized);
    device.kernels().attention().dequantize(quantized, 1, plain);
  }

  /** By how much the process grows at most. */
  private static long peak(Runnable kernel) throws IOException {
    Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // the peak is what there is now
    long before = status("VmRSS:");
    kernel.run();
    return status("VmHWM:") - before;
  }

  private static long status(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void fewTokensTakeLess() {
    long few = StreamedKv.conversion(QUANTIZED, PLAIN, 100, 100).bytes(DEVICE);
    assertThat(StreamedKv.conversion(QUANTIZED, PLAIN, 200, 200).bytes(DEVICE)).isEqualTo(2 * few);
    assertThat(StreamedKv.conversion(PLAIN, PLAIN, TOKENS, TOKENS)).isEqualTo(Footprint.NONE);
  }
}
