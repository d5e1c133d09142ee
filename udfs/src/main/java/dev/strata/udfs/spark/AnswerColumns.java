package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.engine.ScoredTokens;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** The columns that an answer becomes. */
interface AnswerColumns extends Serializable {

  /**
   * Those of what is read for each row.
   *
   * @param readout null where new tokens are wanted
   */
  static AnswerColumns of(Readout readout) {
    if (readout instanceof Readout.Score score) {
      return new Scored(score.tells());
    }
    if (readout instanceof Readout.Embed) {
      return Embedded.VECTOR;
    }
    return readout instanceof Readout.Choose choose
        ? new Labelled(choose.texts())
        : Completed.COMPLETION;
  }

  StructType schema();

  /** Their values, in the schema's order. */
  Object[] values(Answer answer);

  /** What was generated. */
  enum Completed implements AnswerColumns {
    COMPLETION;

    @Override
    public StructType schema() {
      return new StructType()
          .add("completion", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType, false)
          .add("prompt_tokens", DataTypes.IntegerType, false)
          .add("completion_tokens", DataTypes.IntegerType, false)
          .add("error", DataTypes.StringType);
    }

    @Override
    public Object[] values(Answer answer) {
      Completion completion = answer.completion();
      return new Object[] {
        completion.text(),
        completion.finishReason().word(),
        completion.promptTokens(),
        completion.completionTokens(),
        completion.error()
      };
    }
  }

  /**
   * How likely tokens are: the sum of their log-probabilities, how many there are, the exponential
   * of their mean, negated, and whether they are what would be generated.
   *
   * @param tells whether there is a column with each token's log-probability
   */
  record Scored(boolean tells) implements AnswerColumns {

    @Override
    public StructType schema() {
      StructType sums =
          new StructType()
              .add("log_likelihood", DataTypes.DoubleType)
              .add("tokens", DataTypes.IntegerType)
              .add("perplexity", DataTypes.DoubleType)
              .add("is_greedy", DataTypes.BooleanType);
      StructType all =
          tells
              ? sums.add("token_log_probs", DataTypes.createArrayType(DataTypes.FloatType, false))
              : sums;
      return all.add("error", DataTypes.StringType);
    }

    @Override
    public Object[] values(Answer answer) {
      if (answer.completion().error() != null) {
        return failed(schema(), answer);
      }
      ScoredTokens scored = answer.scored();
      double sum = scored.sum();
      int tokens = scored.count();
      Double perplexity = tokens == 0 ? null : Math.exp(-sum / tokens);
      return tells
          ? new Object[] {
            sum, tokens, perplexity, scored.areLikeliest(), scored.logProbabilities(), null
          }
          : new Object[] {sum, tokens, perplexity, scored.areLikeliest(), null};
    }
  }

  /** A text's vector. */
  enum Embedded implements AnswerColumns {
    VECTOR;

    @Override
    public StructType schema() {
      return new StructType()
          .add("embedding", DataTypes.createArrayType(DataTypes.FloatType, false))
          .add("prompt_tokens", DataTypes.IntegerType)
          .add("error", DataTypes.StringType);
    }

    @Override
    public Object[] values(Answer answer) {
      return answer.completion().error() == null
          ? new Object[] {answer.values(), answer.completion().promptTokens(), null}
          : failed(schema(), answer);
    }
  }

  /** The likeliest of some labels, and the share of each. */
  record Labelled(List<String> labels) implements AnswerColumns {

    @Override
    public StructType schema() {
      return new StructType()
          .add("label", DataTypes.StringType)
          .add(
              "probabilities",
              DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false))
          .add("error", DataTypes.StringType);
    }

    @Override
    public Object[] values(Answer answer) {
      return answer.completion().error() == null
          ? chosen(answer.values())
          : failed(schema(), answer);
    }

    private Object[] chosen(float[] logProbabilities) {
      int best =
          IntStream.range(0, logProbabilities.length)
              .reduce(0, (a, b) -> logProbabilities[b] > logProbabilities[a] ? b : a);
      double[] shares =
          IntStream.range(0, logProbabilities.length)
              .mapToDouble(i -> Math.exp(logProbabilities[i] - logProbabilities[best]))
              .toArray();
      double all = IntStream.range(0, shares.length).mapToDouble(i -> shares[i]).sum();
      Map<String, Double> probabilities = new LinkedHashMap<>();
      for (int i = 0; i < shares.length; i++) {
        probabilities.put(labels.get(i), shares[i] / all);
      }
      return new Object[] {labels.get(best), CollectionConverters.asScala(probabilities), null};
    }
  }

  /** The first column and the last, the error, of others, under names of their own. */
  record Alone(AnswerColumns all, AnswerNames names) implements AnswerColumns {

    @Override
    public StructType schema() {
      StructType answer = new StructType().add(names.answer(), all.schema().apply(0).dataType());
      return names.error() == null ? answer : answer.add(names.error(), DataTypes.StringType);
    }

    @Override
    public Object[] values(Answer answer) {
      Object[] values = all.values(answer);
      return names.error() == null
          ? new Object[] {values[0]}
          : new Object[] {values[0], values[values.length - 1]};
    }
  }

  /** Nothing but the error, which is the last column. */
  private static Object[] failed(StructType schema, Answer answer) {
    Object[] values = new Object[schema.length()];
    values[values.length - 1] = answer.completion().error();
    return values;
  }
}
