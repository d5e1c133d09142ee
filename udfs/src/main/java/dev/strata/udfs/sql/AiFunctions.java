package dev.strata.udfs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.collection.immutable.Seq;

/** All functions, and how Spark gets to know them. */
final class AiFunctions {

  static final List<AiFunction> ALL =
      List.of(
          new AiGen(),
          new AiQuery(),
          new AiSummarize(),
          new AiTranslate(),
          new AiFixGrammar(),
          new AiMask(),
          new AiExtract(),
          new AiClassify(),
          new AiAnalyzeSentiment(),
          new AiFilter(),
          new AiScore(),
          new AiAgg(),
          new AiEmbed(),
          new AiSimilarity(),
          new AiCountTokens());

  private AiFunctions() {}

  /** What {@code DESCRIBE FUNCTION EXTENDED} shows. */
  static ExpressionInfo info(AiFunction function) {
    return new ExpressionInfo(
        AiCall.class.getName(),
        null,
        function.name(),
        function.signature() + " - " + function.usage(),
        "",
        "\n    Examples:\n      > " + function.example() + ";\n  ",
        "",
        "",
        "",
        "",
        "java_udf");
  }

  /**
   * A call in a query.
   *
   * @throws dev.strata.udfs.api.StrataException if the arguments do not fit
   */
  static Expression call(AiFunction function, Seq<Expression> arguments) {
    AiCall call = function.signature().call(function, Scalas.list(arguments));
    function.check(call.options());
    return function.isAggregate()
        ? new AiAggregate(function, call.options(), call.children())
        : call;
  }
}
