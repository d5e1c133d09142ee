package dev.strata.udfs.live;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.spark.TasksUnderWay;
import java.util.List;

/**
 * What an executor tells the driver. It goes as a text: Spark reads messages with its own class
 * loader, which need not know Strata's classes.
 *
 * @param executor its number
 * @param reports of the tasks that are under way there
 */
record ProgressMessage(String executor, List<TasksUnderWay.Report> reports) {

  private static final JsonMapper JSON = new JsonMapper();

  ProgressMessage {
    reports = List.copyOf(reports);
  }

  String text() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers and texts are always JSON", e);
    }
  }

  /**
   * Reads a message.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ProgressMessage of(String text) {
    try {
      return JSON.readValue(text, ProgressMessage.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no message of an executor's: " + e.getMessage(), e);
    }
  }
}
