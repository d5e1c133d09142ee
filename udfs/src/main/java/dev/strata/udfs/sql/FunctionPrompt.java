package dev.strata.udfs.sql;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import dev.strata.udfs.spark.TextQuestion;
import dev.strata.udfs.text.PromptTemplate;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A template for a function's questions, whose placeholders are the function's arguments. */
final class FunctionPrompt implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String user;
  private final String system;
  private final String own;
  private final TemplateArguments arguments;
  private transient PromptTemplate userTemplate; // read again where it was sent
  private transient PromptTemplate systemTemplate;

  private FunctionPrompt(String user, String system, String own, TemplateArguments arguments) {
    this.user = user;
    this.system = system;
    this.own = own;
    this.arguments = arguments;
  }

  /**
   * A prompt.
   *
   * @param system the system message; null for none
   * @param own the argument that is the row's own text, and cut where it is too long
   * @param names what placeholders may name
   * @param arguments what the model's chat template is given besides
   * @throws StrataException if a template makes no sense
   */
  static FunctionPrompt of(
      String user, String system, String own, List<String> names, TemplateArguments arguments) {
    PromptTemplate.parse(user).checkColumns(names);
    if (system != null) {
      PromptTemplate.parse(system).checkColumns(names);
    }
    return new FunctionPrompt(user, system, own, arguments);
  }

  /**
   * The question of these arguments.
   *
   * @param values what stands for placeholders
   */
  Question question(Map<String, String> values, SamplingParameters sampling) {
    return TextQuestion.of(cut -> conversation(values, cut), arguments, sampling);
  }

  /** The question which of some answers is how likely. */
  Question choice(Map<String, String> values, List<String> answers) {
    return TextQuestion.choice(cut -> conversation(values, cut), arguments, answers);
  }

  private List<Message> conversation(Map<String, String> values, UnaryOperator<String> cut) {
    if (values.get(own).isBlank()) {
      throw new RowException(own + " is empty");
    }
    Map<String, String> shown = new TreeMap<>(values);
    shown.computeIfPresent(own, (name, text) -> cut.apply(text));
    List<Message> conversation = new ArrayList<>();
    if (system != null) {
      systemTemplate = systemTemplate == null ? PromptTemplate.parse(system) : systemTemplate;
      conversation.add(new Message("system", systemTemplate.render(shown::get)));
    }
    userTemplate = userTemplate == null ? PromptTemplate.parse(user) : userTemplate;
    conversation.add(new Message("user", userTemplate.render(shown::get)));
    return conversation;
  }
}
