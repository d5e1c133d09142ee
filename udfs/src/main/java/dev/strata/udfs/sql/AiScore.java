package dev.strata.udfs.sql;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.TextQuestion;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** {@code ai_score}: how likely a text is to the model. */
final class AiScore extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiScore() {
    super(
        "ai_score",
        "The log-likelihood of a text's tokens, each after those before it, and how many they are.",
        "SELECT s.log_likelihood / s.tokens FROM (SELECT ai_score(body) AS s FROM articles)");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"));
  }

  @Override
  DataType valueType(CallOptions options) {
    return new StructType()
        .add("log_likelihood", DataTypes.DoubleType)
        .add("tokens", DataTypes.IntegerType);
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new Task();
  }

  private record Task() implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      return List.of(TextQuestion.reading(arguments.text("content"), Readout.SCORE));
    }

    @Override
    public Object value(List<Answer> answers) {
      Answer answer = answers.get(0);
      return new GenericInternalRow(new Object[] {answer.logLikelihood(), answer.scoredTokens()});
    }
  }
}
