package dev.strata.udfs.live;

import dev.strata.udfs.page.Markup;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.ui.SparkUITab;
import org.apache.spark.ui.UIUtils$;
import scala.Function0;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.xml.Node;
import scala.xml.Unparsed;

/** A page of ours within the head and the foot of Spark's pages. */
final class SparkPage {

  private static final String METHOD = "headerSparkPage";

  private SparkPage() {}

  /**
   * What Spark shows. Its method has another number of parameters in each of its versions; those
   * behind the tab have defaults.
   */
  @SuppressWarnings("unchecked")
  static Seq<Node> of(HttpServletRequest request, String title, Markup content, SparkUITab tab) {
    Node node = new Unparsed(content.html());
    Function0<Seq<Node>> nodes = () -> CollectionConverters.asScala(List.of(node)).toSeq();
    try {
      Method method =
          Stream.of(UIUtils$.class.getMethods())
              .filter(each -> each.getName().equals(METHOD))
              .findFirst()
              .orElseThrow(() -> new NoSuchMethodException(METHOD));
      Object[] arguments = new Object[method.getParameterCount()];
      arguments[0] = request;
      arguments[1] = title;
      arguments[2] = nodes;
      arguments[3] = tab;
      for (int i = 4; i < arguments.length; i++) {
        arguments[i] =
            UIUtils$.class.getMethod(METHOD + "$default$" + (i + 1)).invoke(UIUtils$.MODULE$);
      }
      return (Seq<Node>) method.invoke(UIUtils$.MODULE$, arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this version of Spark has other pages", e);
    }
  }
}
