package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.text.TemplateArguments;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class MessagesColumnTest {

  private static final StructType STRUCTS =
      StructType.fromDDL("chat ARRAY<STRUCT<name: STRING, content: STRING, role: STRING>>");
  private static final StructType MAPS = StructType.fromDDL("chat ARRAY<MAP<STRING, STRING>>");

  @Test
  void structsWithFurtherFields() {
    assertThat(read(STRUCTS, RowFactory.create(null, "Be brief.", "system"), turn("Hello", "user")))
        .containsExactly(new Message("system", "Be brief."), new Message("user", "Hello"));
  }

  @Test
  void maps() {
    Object turn = CollectionConverters.asScala(Map.of("role", "user", "content", "Hello"));
    assertThat(read(MAPS, turn)).containsExactly(new Message("user", "Hello"));
  }

  @Test
  void incompleteConversations() {
    MessagesColumn column = MessagesColumn.of("chat", new TextColumns(STRUCTS));
    assertThatThrownBy(() -> column.read(RowFactory.create((Object) null)))
        .isInstanceOf(RowException.class)
        .hasMessage("column 'chat' is null");
    assertThatThrownBy(() -> read(STRUCTS)).hasMessage("column 'chat' is empty");
    assertThatThrownBy(() -> read(STRUCTS, turn("a", "user"), turn(null, "user")))
        .hasMessage("message 2 of column 'chat' has no content");
    assertThatThrownBy(() -> read(STRUCTS, (Object) null))
        .hasMessage("message 1 of column 'chat' is null");
  }

  @Test
  void otherTypes() {
    assertThatThrownBy(
            () -> MessagesColumn.of("chat", new TextColumns(StructType.fromDDL("chat STRING"))))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "column 'chat' is string; a messages column must be an array of (role STRING, content"
                + " STRING)");
    assertThatThrownBy(() -> MessagesColumn.of("chta", new TextColumns(STRUCTS)))
        .hasMessageContaining("did you mean 'chat'?");
  }

  /** As chats with images have it: a list of parts, in structs or in maps. */
  @Test
  void contentOfParts() {
    StructType structs =
        StructType.fromDDL(
            "chat ARRAY<STRUCT<role: STRING, content: ARRAY<STRUCT<type: STRING, text: STRING,"
                + " image_url: STRUCT<url: STRING>>>>>");
    StructType part =
        (StructType)
            ((ArrayType) ((StructType) element(structs)).apply("content").dataType()).elementType();
    Row hello = new GenericRowWithSchema(new Object[] {"text", "Hello ", null}, part);
    Row you = new GenericRowWithSchema(new Object[] {"text", "you", null}, part);
    Row image = new GenericRowWithSchema(new Object[] {"image_url", null, null}, part);
    assertThat(read(structs, RowFactory.create("user", seq(hello, you))))
        .containsExactly(new Message("user", "Hello you"));
    assertThatThrownBy(
            () ->
                read(
                    structs,
                    RowFactory.create("user", seq(hello)),
                    RowFactory.create("user", seq(hello, image))))
        .isInstanceOf(RowException.class)
        .hasMessage(
            "message 2 of column 'chat' has a part of type image_url, but models read texts alone"
                + " here");

    StructType maps =
        StructType.fromDDL("chat ARRAY<STRUCT<role: STRING, content: ARRAY<MAP<STRING, STRING>>>>");
    Object text = CollectionConverters.asScala(Map.of("type", "text", "text", "Hello"));
    Object sound = CollectionConverters.asScala(Map.of("type", "audio", "audio", "a.wav"));
    assertThat(read(maps, RowFactory.create("user", seq(text))))
        .containsExactly(new Message("user", "Hello"));
    assertThatThrownBy(() -> read(maps, RowFactory.create("user", seq(sound))))
        .hasMessageContaining("a part of type audio");
  }

  private static DataType element(StructType schema) {
    return ((ArrayType) schema.fields()[0].dataType()).elementType();
  }

  private static Object seq(Object... parts) {
    return CollectionConverters.asScala(List.of(parts)).toSeq();
  }

  @Test
  void contentIdsFollowContentAlone() {
    SamplingOptions options = SamplingOptions.greedy(5);
    String id = ContentId.of(asked("user", "ab"), options);

    assertThat(ContentId.of(asked("user", "ab"), options)).isEqualTo(id);
    assertThat(ContentId.of(asked("usera", "b"), options)).isNotEqualTo(id);
    assertThat(ContentId.of(asked("user", "ab"), SamplingOptions.greedy(6))).isNotEqualTo(id);
  }

  @Test
  void contentIdsFollowTemplateArguments() {
    SamplingOptions options = SamplingOptions.greedy(5);
    RowPrompt plain = asked("user", "ab");
    RowPrompt quick =
        RowPrompt.conversation(
            plain.conversation(), TemplateArguments.parse("{\"enable_thinking\": false}"));
    assertThat(ContentId.of(quick, options)).isNotEqualTo(ContentId.of(plain, options));
  }

  private static RowPrompt asked(String role, String content) {
    return RowPrompt.conversation(List.of(new Message(role, content)), TemplateArguments.NONE);
  }

  private static List<Message> read(StructType schema, Object... turns) {
    Object array = CollectionConverters.asScala(java.util.Arrays.asList(turns)).toSeq();
    return MessagesColumn.of("chat", new TextColumns(schema)).read(RowFactory.create(array));
  }

  private static Row turn(String content, String role) {
    return RowFactory.create(null, content, role);
  }
}
