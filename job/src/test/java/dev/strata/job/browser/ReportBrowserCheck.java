package dev.strata.job.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.report.ComparisonReport;
import dev.strata.job.report.RunPage;
import dev.strata.job.report.SampleRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Reports and comparisons as a person sees them. With {@code -Dstrata.screenshots=DIR} it leaves
 * pictures there, as the documentation has them.
 */
class ReportBrowserCheck {

  private static final int WIDTH = 1280;

  /** Of paper, in pixels as browsers count them. */
  private static final int A4 = 794;

  /** What a picture of the documentation shows. */
  private static final int PICTURE = 1150;

  @TempDir static Path directory;

  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    browser = Browser.start(Files.createDirectory(directory.resolve("profile")));
    write("night", RunPage.html(SampleRuns.read(SampleRuns.night())));
    write("hostile", RunPage.html(SampleRuns.read(SampleRuns.hostile())));
    ComparisonReport.Side a =
        new ComparisonReport.Side("/lake/french/_strata_run", SampleRuns.read(SampleRuns.night()));
    ComparisonReport.Side b =
        new ComparisonReport.Side(SampleRuns.HOSTILE, SampleRuns.read(SampleRuns.hostile()));
    write("two", new ComparisonReport(a, b).html());
  }

  private static void write(String name, String html) throws IOException {
    Files.writeString(directory.resolve(name + ".html"), html);
  }

  @AfterAll
  static void stop() {
    browser.close();
  }

  private static String address(String name) {
    return directory.resolve(name + ".html").toUri().toString();
  }

  private static void picture(BrowserTab tab, String name) throws IOException {
    Optional<String> place = Optional.ofNullable(System.getProperty("strata.screenshots"));
    if (place.isPresent()) {
      tab.screenshot(Path.of(place.get(), name + ".png"), PICTURE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "night, false",
    "night, true",
    "hostile, false",
    "hostile, true",
    "two, false",
    "two, true"
  })
  void aPageIsReadable(String name, boolean isDark) throws Exception {
    BrowserTab tab = browser.tab(WIDTH, isDark);
    tab.open(address(name));
    Looks.assertReadable(tab, "body");
    Looks.assertDark(tab, "body", isDark);
    picture(tab, "report-" + name + (isDark ? "-dark" : "-light"));
    assertThat(tab.complaints()).isEmpty();
    assertThat(tab.requests()).as("nothing but the file").hasSize(1);
    assertThat(tab.evaluate("document.scripts.length + document.images.length").asInt()).isZero();
    assertThat(tab.evaluate("document.title").asText()).startsWith("Strata: ");
  }

  /** A browser that ran the name would have said so. */
  @ParameterizedTest
  @CsvSource({"hostile", "two"})
  void namesAreShownAsTheyAre(String name) throws Exception {
    BrowserTab tab = browser.tab(WIDTH, false);
    tab.open(address(name));
    assertThat(tab.evaluate("document.body.innerText").asText()).contains(SampleRuns.HOSTILE);
  }

  @ParameterizedTest
  @CsvSource({"night", "hostile", "two"})
  void aPageFitsOnPaper(String name) throws Exception {
    BrowserTab tab = browser.tab(A4, true);
    tab.media("print", true);
    tab.open(address(name));
    Looks.assertReadable(tab, "body");
    Looks.assertDark(tab, "body", false);
  }
}
