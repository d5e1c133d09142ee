package dev.strata.udfs.tensor;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether {@link VectorProducts} can run here, and when: they need Java's incubating module of
 * vectors, which Spark adds to the JVMs that it starts, and the JVM's best compiler, without which
 * a vector is an object. That takes a second to compile them, on a thread that nobody waits for.
 */
final class VectorModule {

  private static final Logger LOG = LoggerFactory.getLogger(VectorModule.class);

  private static final String NAME = "jdk.incubator.vector";

  /** The tier of compilation that knows vectors. */
  private static final String BEST_COMPILER = "4";

  private static final boolean IS_THERE =
      ModuleLayer.boot().findModule(NAME).isPresent() && compilesBest() && links();

  /** Until when {@link VectorProducts} are run without being needed. */
  private static final int WARM_ROWS = 8;

  private static final int WARM_COLUMNS = 520;
  private static final int WARM_TIMES = 12_000;

  private static volatile boolean isReady;
  private static boolean isStarted;

  private VectorModule() {}

  private static boolean compilesBest() {
    try {
      return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .getVMOption("TieredStopAtLevel")
          .getValue()
          .equals(BEST_COMPILER);
    } catch (RuntimeException | LinkageError e) { // a JVM of another make
      return false;
    }
  }

  private static boolean links() {
    try {
      return VectorLoads.view(ByteBuffer.allocateDirect(1)) != null && VectorProducts.lanes() > 0;
    } catch (RuntimeException | LinkageError e) { // another version of the module
      return false;
    }
  }

  /** Whether this JVM has what is needed. */
  static boolean isThere() {
    return IS_THERE;
  }

  /** Whether the products are compiled; the first who asks has that begun. */
  static boolean isReady() {
    if (!isReady && isThere()) {
      start();
    }
    return isReady;
  }

  private static synchronized void start() {
    if (!isStarted) {
      isStarted = true;
      Thread thread = new Thread(VectorModule::warmUp, "strata-vectors");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Runs each of the products often enough to be compiled. */
  static void warmUp() {
    long start = System.nanoTime();
    ByteBuffer w =
        ByteBuffer.allocateDirect(WARM_ROWS * WARM_COLUMNS * Short.BYTES)
            .order(ByteOrder.nativeOrder());
    float[] x = new float[FewRows.MOST * WARM_COLUMNS];
    FloatBuffer y =
        ByteBuffer.allocateDirect(FewRows.MOST * WARM_ROWS * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    for (int i = 0; i < WARM_TIMES; i++) {
      int n = i % FewRows.MOST + 1;
      VectorProducts.multiply(w, WARM_ROWS, WARM_COLUMNS, 0, WARM_ROWS - i % 2, x, n, y);
    }
    LOG.debug("products of few rows are compiled, {} ms", (System.nanoTime() - start) / 1_000_000);
    isReady = true;
  }
}
