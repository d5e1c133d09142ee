package dev.strata.udfs.sql;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.TextQuestion;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** {@code ai_similarity}: the cosine of two texts' embeddings. */
final class AiSimilarity extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiSimilarity() {
    super(
        "ai_similarity",
        "The cosine of the embeddings of two texts, at most 1; see ai_embed.",
        "SELECT ai_similarity('Apache Spark', product) FROM products");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("a"), Parameter.text("b"));
  }

  @Override
  DataType valueType(CallOptions options) {
    return DataTypes.FloatType;
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new Task();
  }

  private record Task() implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      return List.of(
          TextQuestion.reading(arguments.text("a"), Readout.EMBED),
          TextQuestion.reading(arguments.text("b"), Readout.EMBED));
    }

    @Override
    public Object value(List<Answer> answers) {
      float[] a = answers.get(0).values();
      float[] b = answers.get(1).values();
      double cosine = 0;
      for (int i = 0; i < a.length; i++) {
        cosine += (double) a[i] * b[i];
      }
      return (float) cosine;
    }
  }
}
