package dev.strata.udfs.sql;

import dev.strata.udfs.api.Readout;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.TextQuestion;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** {@code ai_embed}: a text's mean hidden state, of length one. */
final class AiEmbed extends AiFunction {

  private static final long serialVersionUID = 1L;

  AiEmbed() {
    super(
        "ai_embed",
        "The mean of a text's last hidden states, of length one; as good an embedding as the model"
            + " makes it.",
        "SELECT id, ai_embed(body) FROM articles");
  }

  @Override
  Signature signature() {
    return Signature.of(name(), Parameter.text("content"));
  }

  @Override
  DataType valueType(CallOptions options) {
    return DataTypes.createArrayType(DataTypes.FloatType, false);
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    return new Task();
  }

  private record Task() implements CallTask {

    @Override
    public List<Question> questions(CallArguments arguments) {
      return List.of(TextQuestion.reading(arguments.text("content"), Readout.EMBED));
    }

    @Override
    public Object value(List<Answer> answers) {
      return UnsafeArrayData.fromPrimitiveArray(answers.get(0).values());
    }
  }
}
