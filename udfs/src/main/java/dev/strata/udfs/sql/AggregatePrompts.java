package dev.strata.udfs.sql;

import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The questions of a call of {@link AiAgg}.
 *
 * @param whole about all texts of a group
 * @param part about some of them, or of the notes on them
 * @param notes about the notes on all of them
 */
record AggregatePrompts(
    String instruction, FunctionPrompt whole, FunctionPrompt part, FunctionPrompt notes)
    implements Serializable {

  /** A question whose answer is a group's result. */
  Question last(String content, boolean areNotes) {
    return (areNotes ? notes : whole).question(values(content), SamplingParameters.NONE);
  }

  /** A question for notes. */
  Question part(String content, int mostTokens) {
    SamplingOverrides limit =
        new SamplingOverrides(mostTokens, null, null, null, null, null, null, null);
    return part.question(
        values(content), new SamplingParameters(limit, null, TemplateArguments.NONE));
  }

  private Map<String, String> values(String content) {
    return Map.of(AiAgg.CONTENT, content, AiAgg.INSTRUCTION, instruction);
  }

  /** Questions of each kind about next to nothing. */
  List<Question> shortest() {
    return Stream.of(whole, part, notes)
        .map(prompt -> prompt.question(values("x"), SamplingParameters.NONE))
        .toList();
  }
}
