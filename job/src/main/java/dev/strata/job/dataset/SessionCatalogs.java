package dev.strata.job.dataset;

import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogManager;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The catalogs of a session. What manages them is a class in Spark 4.0 and an interface in 4.2,
 * which a compiled call does not bear, so it is called by its methods' names.
 */
final class SessionCatalogs {

  /** The name of Spark's own. */
  static final String OF_SPARK = "spark_catalog";

  private final SparkSession session;
  private final Object manager;

  private SessionCatalogs(SparkSession session, Object manager) {
    this.session = session;
    this.manager = manager;
  }

  static SessionCatalogs of(SparkSession session) {
    return new SessionCatalogs(session, state(session).catalogManager());
  }

  private static org.apache.spark.sql.internal.SessionState state(SparkSession session) {
    return ((org.apache.spark.sql.classic.SparkSession) session).sessionState();
  }

  /** The parts of a table's name. */
  String[] parts(String name) throws Exception {
    return CollectionConverters.asJava(state(session).sqlParser().parseMultipartIdentifier(name))
        .toArray(String[]::new);
  }

  boolean has(String name) throws Exception {
    return (boolean) call("isCatalogRegistered", name);
  }

  CatalogPlugin named(String name) throws Exception {
    return (CatalogPlugin) call("catalog", name);
  }

  CatalogPlugin current() throws Exception {
    return (CatalogPlugin) call("currentCatalog");
  }

  String[] currentNamespace() throws Exception {
    return (String[]) call("currentNamespace");
  }

  /** What the method throws passes as it is. */
  private Object call(String method, Object... arguments) throws Exception {
    Class<?>[] types = Arrays.stream(arguments).map(Object::getClass).toArray(Class<?>[]::new);
    try {
      return CatalogManager.class.getMethod(method, types).invoke(manager, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
