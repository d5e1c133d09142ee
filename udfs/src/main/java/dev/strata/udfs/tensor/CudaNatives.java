package dev.strata.udfs.tensor;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What PyTorch's natives ask of a GPU and its driver.
 *
 * @param cuda the CUDA that they were built with, such as 12040 for 12.4
 */
public record CudaNatives(int cuda) {

  /** As {@code submit-scripts/gpu-natives.sh} prepares them. */
  private static final CudaNatives PREPARED = new CudaNatives(12040);

  /** Such as cu124. */
  private static final Pattern FLAVOR = Pattern.compile("cu(\\d\\d)(\\d)");

  /** The first whose natives are for the GPUs of 2025, and no longer for those before 2018. */
  private static final int BLACKWELL = 12080;

  private static final int MAJOR = 1000;

  /**
   * Those that the environment names, before they are loaded.
   *
   * @param flavor {@code PYTORCH_FLAVOR}; null where nothing is named
   */
  public static CudaNatives of(String flavor) {
    Matcher named = FLAVOR.matcher(flavor == null ? "" : flavor);
    return named.lookingAt()
        ? new CudaNatives(
            Integer.parseInt(named.group(1)) * MAJOR + Integer.parseInt(named.group(2)) * 10)
        : PREPARED;
  }

  /**
   * Why PyTorch finds no GPU.
   *
   * @param driver the CUDA that the driver is for, as {@link CudaRuntime#driver} tells it
   */
  String noGpu(int driver) {
    if (driver == CudaRuntime.NO_DRIVER) {
      return "this machine has no driver of NVIDIA; install it (525 or later)";
    }
    if (driver != CudaRuntime.UNKNOWN && driver / MAJOR < cuda / MAJOR) {
      return "NVIDIA's driver here is for CUDA %s, and PyTorch's natives are of CUDA %s; update it (525 or later)"
          .formatted(text(driver), text(cuda));
    }
    return "PyTorch finds no GPU here; see what nvidia-smi lists and CUDA_VISIBLE_DEVICES leaves";
  }

  /**
   * Why the natives have no kernels for a GPU; empty where they have.
   *
   * @param capability ten times its compute capability, such as 120
   */
  public Optional<String> refusal(int capability) {
    int least = cuda < BLACKWELL ? 50 : 75;
    int most = cuda < BLACKWELL ? 99 : 129; // kernels run on later ones of a generation
    if (capability > most) {
      return Optional.of(
          "it has compute capability %s, which is newer than PyTorch's natives of CUDA %s are made for (%s);"
                  .formatted(decimal(capability), text(cuda), range(least, most))
              + " bring a PyTorch 2.7.1 of CUDA 12.8 (strata --gpu --natives DIR), or use 'cpu'");
    }
    if (capability < least) {
      return Optional.of(
          "it has compute capability %s, which is older than PyTorch's natives of CUDA %s are made for (%s); use 'cpu'"
              .formatted(decimal(capability), text(cuda), range(least, most)));
    }
    return Optional.empty();
  }

  private static String range(int least, int most) {
    return "%s to %d.x".formatted(decimal(least), most / 10);
  }

  private static String decimal(int tenfold) {
    return tenfold / 10 + "." + tenfold % 10;
  }

  private static String text(int cuda) {
    return cuda / MAJOR + "." + cuda % MAJOR / 10;
  }
}
