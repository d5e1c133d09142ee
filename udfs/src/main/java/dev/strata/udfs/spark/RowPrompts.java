package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** What a row asks: its conversation, its own options, its id. Knows where the columns are. */
final class RowPrompts implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final int NO_COLUMN = -1;

  private final TextTemplate system;
  private final TextTemplate user;
  private final MessagesColumn messages;
  private final RowOptions rowOptions;
  private final int idColumn;

  private RowPrompts(
      TextTemplate system,
      TextTemplate user,
      MessagesColumn messages,
      RowOptions rowOptions,
      int idColumn) {
    this.system = system;
    this.user = user;
    this.messages = messages;
    this.rowOptions = rowOptions;
    this.idColumn = idColumn;
  }

  /**
   * Finds the columns that the options name.
   *
   * @throws StrataException if one is absent or of a type that is of no use
   */
  static RowPrompts of(GenerationOptions options, StructType schema) {
    PromptOptions prompt = options.prompt();
    return new RowPrompts(
        prompt.system() == null ? null : TextTemplate.of(prompt.system(), schema),
        prompt.template() == null ? null : TextTemplate.of(prompt.template(), schema),
        prompt.messagesColumn() == null ? null : MessagesColumn.of(prompt.messagesColumn(), schema),
        RowOptions.of(options.rowOptions(), schema),
        options.idColumn() == null
            ? NO_COLUMN
            : new Columns(schema).require(options.idColumn(), "--id-column"));
  }

  /**
   * A row's conversation.
   *
   * @throws RowException if a column that it needs is null or empty
   */
  List<Message> conversation(Row row) {
    List<Message> conversation = new ArrayList<>();
    if (system != null) {
      conversation.add(new Message("system", system.render(row)));
    }
    if (messages != null) {
      conversation.addAll(messages.read(row));
    } else {
      conversation.add(new Message("user", user.render(row)));
    }
    return conversation;
  }

  /** What the row's own columns say of sampling. */
  SamplingOverrides overrides(Row row) {
    return rowOptions.read(row);
  }

  /** The row's id, or null if it has none. */
  String id(Row row) {
    Object id = idColumn == NO_COLUMN ? null : row.get(idColumn);
    return id == null ? null : id.toString();
  }
}
