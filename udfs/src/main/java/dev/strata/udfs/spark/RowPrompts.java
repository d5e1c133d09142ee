package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.Readout;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.text.TaskPrompts;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Row;

/** What a row asks: its conversation, its own options, its id. Knows where the columns are. */
final class RowPrompts implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final int NO_COLUMN = -1;

  private final TextTemplate system;
  private final TextTemplate user;
  private final MessagesColumn messages;
  private final TextTemplate continuation;
  private final TemplateArguments arguments;
  private final RowOptions rowOptions;
  private final Readout readout;
  private final int idColumn;
  private final int plainColumn;
  private final int errorColumn;

  private RowPrompts(
      TextTemplate system,
      TextTemplate user,
      MessagesColumn messages,
      TextTemplate continuation,
      TemplateArguments arguments,
      RowOptions rowOptions,
      Readout readout,
      int idColumn,
      int plainColumn,
      int errorColumn) {
    this.system = system;
    this.user = user;
    this.messages = messages;
    this.continuation = continuation;
    this.arguments = arguments;
    this.rowOptions = rowOptions;
    this.readout = readout;
    this.idColumn = idColumn;
    this.plainColumn = plainColumn;
    this.errorColumn = errorColumn;
  }

  /**
   * Finds the columns that the options name. What it reads are the rows that {@link
   * TextColumns#rows} makes afterwards.
   *
   * @throws StrataException if one is absent or of a type that is of no use, or the arguments for
   *     the chat template cannot be read
   */
  static RowPrompts of(GenerationOptions options, TextColumns columns) {
    PromptOptions prompt = options.prompt();
    return new RowPrompts(
        prompt.system() == null ? null : TextTemplate.of(prompt.system(), columns),
        prompt.template() == null ? null : TextTemplate.of(prompt.template(), columns),
        prompt.messagesColumn() == null
            ? null
            : MessagesColumn.of(prompt.messagesColumn(), columns),
        continuation(options.readout(), columns),
        TemplateArguments.ofRun(prompt.templateName(), prompt.templateArguments()),
        RowOptions.of(options.rowOptions(), columns),
        options.readout(),
        index(options.idColumn(), "--id-column", columns),
        index(prompt.plainColumn(), "the prompt", columns),
        index(prompt.errorColumn(), "the prompt", columns));
  }

  private static TextTemplate continuation(Readout readout, TextColumns columns) {
    return readout instanceof Readout.Score score && score.continuationColumn() != null
        ? TextTemplate.of(TaskPrompts.placeholder(score.continuationColumn()), columns)
        : null;
  }

  private static int index(String column, String use, TextColumns columns) {
    return column == null ? NO_COLUMN : columns.require(column, use);
  }

  /**
   * A row's prompt.
   *
   * @param own what to do to each text that is the row's own: columns' values in a prompt, and the
   *     messages of a conversation
   * @throws RowException if a column that it needs is null or empty, or the row brings an error
   */
  RowPrompt prompt(Row row, UnaryOperator<String> own) {
    String error = text(row, errorColumn);
    if (error != null) {
      throw new RowException(error);
    }
    RowPrompt prompt = asked(row, own);
    return continuation == null ? prompt : prompt.followedBy(continuation.render(row, own));
  }

  private RowPrompt asked(Row row, UnaryOperator<String> own) {
    String plain = isPlain() ? user.render(row, own) : text(row, plainColumn);
    if (plain != null) {
      return RowPrompt.plain(isPlain() ? plain : own.apply(plain));
    }
    return RowPrompt.conversation(
        conversation(row, own), rowOptions.templateArguments(row).over(arguments));
  }

  /** What is read of a text itself is not read of a conversation about it. */
  private boolean isPlain() {
    return messages == null
        && (readout instanceof Readout.Score || readout instanceof Readout.Embed);
  }

  private List<Message> conversation(Row row, UnaryOperator<String> own) {
    List<Message> conversation = new ArrayList<>();
    if (system != null) {
      conversation.add(new Message("system", system.render(row, own)));
    }
    if (messages == null) {
      conversation.add(new Message("user", user.render(row, own)));
    } else {
      messages.read(row).stream()
          .map(message -> new Message(message.role(), own.apply(message.content())))
          .forEach(conversation::add);
    }
    return conversation;
  }

  /**
   * A digest of all that a row asks: its id, how tokens are chosen, its prompt.
   *
   * @throws RowException as for {@link #prompt}
   */
  Sha256 ask(Row row) {
    Sha256 ask = new Sha256().add(id(row)).add(seed(row)).add(overrides(row));
    return prompt(row, UnaryOperator.identity()).digest(ask);
  }

  /** What is read from the model; null where new tokens are wanted. */
  Readout readout() {
    return readout;
  }

  /** What the row's own columns say of sampling. */
  SamplingOverrides overrides(Row row) {
    return rowOptions.read(row);
  }

  /** The seed that the row brings, or null. */
  Long seed(Row row) {
    return rowOptions.seed(row);
  }

  /** The row's id, or null if it has none. */
  String id(Row row) {
    return text(row, idColumn);
  }

  private static String text(Row row, int column) {
    return column == NO_COLUMN ? null : row.getString(column);
  }
}
