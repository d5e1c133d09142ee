package dev.strata.udfs.live;

import dev.strata.udfs.page.Element;
import dev.strata.udfs.page.Markup;
import dev.strata.udfs.page.Theme;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Optional;
import org.apache.spark.ui.WebUIPage;
import scala.collection.immutable.Seq;
import scala.xml.Node;

/** The page of the tab: one run, the latest unless another is asked for, and a list of the rest. */
final class RunPage extends WebUIPage {

  private final StrataTab tab;
  private final RunStore store;

  RunPage(StrataTab tab, RunStore store) {
    super("");
    this.tab = tab;
    this.store = store;
  }

  @Override
  public Seq<Node> render(HttpServletRequest request) {
    List<RunView> runs = store.all();
    Optional<RunView> run = number(request, "run").flatMap(store::find);
    int page = number(request, "page").map(Math::toIntExact).orElse(1);
    boolean refreshes = !"off".equals(request.getParameter("refresh"));
    Markup content =
        run.or(() -> runs.stream().findFirst())
            .<Markup>map(shown -> new RunMarkup(shown, runs, page, refreshes).markup())
            .orElseGet(RunPage::nothingYet);
    return SparkPage.of(request, "Strata", Markup.of(Theme.style(), Theme.within(content)), tab);
  }

  private static Markup nothingYet() {
    return Markup.of(RunMarkup.again(), Element.of("p", "No model was asked yet."));
  }

  /** What is no number is as if nobody had asked. */
  private static Optional<Long> number(HttpServletRequest request, String parameter) {
    return Optional.ofNullable(request.getParameter(parameter))
        .filter(text -> text.matches("\\d{1,9}"))
        .map(Long::valueOf);
  }
}
