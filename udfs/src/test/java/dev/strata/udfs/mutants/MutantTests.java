package dev.strata.udfs.mutants;

import java.util.stream.Stream;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

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
    LauncherFactory.create().execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    summary.getFailures().stream()
        .limit(1)
        .forEach(f -> System.out.println(f.getTestIdentifier().getLegacyReportingName()));
    // Not to wait for threads that a fault has left behind.
    Runtime.getRuntime().halt(result(summary));
  }

  private static int result(TestExecutionSummary summary) {
    if (summary.getTestsFoundCount() == 0) {
      return NONE_FOUND;
    }
    return summary.getTotalFailureCount() == 0 ? PASSED : FAILED;
  }
}
