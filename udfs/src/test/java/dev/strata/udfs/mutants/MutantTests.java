package dev.strata.udfs.mutants;

import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs test classes in a JVM of their own, which ends with what came of them. */
final class MutantTests {

  static final int PASSED = 0;
  static final int FAILED = 10;
  static final int NONE_FOUND = 11;

  private MutantTests() {}

  public static void main(String[] classes) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                Stream.of(classes)
                    .map(name -> DiscoverySelectors.selectClass("dev.strata.udfs." + name))
                    .toList())
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener, new FirstFailure());
    end(listener.getSummary().getTestsSucceededCount() == 0 ? NONE_FOUND : PASSED);
  }

  /** One is enough. */
  private static final class FirstFailure implements TestExecutionListener {

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == TestExecutionResult.Status.FAILED) {
        System.out.println(test.getUniqueId() + ": " + result.getThrowable().orElse(null));
        end(FAILED);
      }
    }
  }

  /** Waits for no thread that a fault has left behind. */
  private static void end(int result) {
    System.out.flush();
    Runtime.getRuntime().halt(result);
  }
}
