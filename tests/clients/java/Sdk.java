// Meta's SDK for Java, unchanged but for the host. Reads {graph, token, user_token, app_id, app_secret, business, account} from standard input;
// prints what each step answered as one JSON object.

import com.facebook.ads.sdk.APIContext;
import com.facebook.ads.sdk.APIException;
import com.facebook.ads.sdk.APINodeList;
import com.facebook.ads.sdk.APIRequest;
import com.facebook.ads.sdk.AdAccount;
import com.facebook.ads.sdk.AssignedUser;
import com.facebook.ads.sdk.Business;
import com.facebook.ads.sdk.SystemUser;
import com.facebook.ads.sdk.User;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public class Sdk {
  interface Call {
    void run() throws APIException;
  }

  static List<Object> refused(Call call) {
    try {
      call.run();
    } catch (APIException error) {
      JsonObject told = error.getRawResponseAsJsonObject().getAsJsonObject("error");
      List<Object> shown = new ArrayList<>(List.of(told.get("code").getAsInt(), told.get("message").getAsString()));
      if (told.has("error_subcode")) shown.add(told.get("error_subcode").getAsInt());
      return shown;
    }
    throw new IllegalStateException("was not refused");
  }

  public static void main(String[] words) throws Exception {
    JsonObject given = new Gson().fromJson(new InputStreamReader(System.in), JsonObject.class);
    Map<String, Object> shown = new LinkedHashMap<>();
    String graph = given.get("graph").getAsString();
    String secret = given.get("app_secret").getAsString(), app = given.get("app_id").getAsString();
    APIContext person = new APIContext(graph, graph, "v26.0", given.get("user_token").getAsString(), secret, app, false);
    APIContext admin = new APIContext(graph, graph, "v26.0", given.get("token").getAsString(), secret, app, false);

    List<Object> mine = new ArrayList<>();
    for (Business row : new User("me", person).getBusinesses().requestField("name").execute()) mine.add(List.of(row.getFieldId(), row.getFieldName()));
    shown.put("businesses", mine);

    Business business = new Business(given.get("business").getAsString(), admin);
    SystemUser made = business.createSystemUser().setName("java").setRole(SystemUser.EnumRole.VALUE_EMPLOYEE).execute();
    shown.put("made", SystemUser.fetchById(made.getFieldId(), admin).getFieldName());

    AdAccount account = new AdAccount(given.get("account").getAsString(), admin);
    account.createAssignedUser().setUser(made.getFieldId()).setTasks(List.of(AdAccount.EnumTasks.VALUE_ANALYZE)).execute();
    List<Object> holders = new ArrayList<>();
    for (AssignedUser row : account.getAssignedUsers().setBusiness(business.getId()).requestField("name").execute())
      holders.add(row.getFieldName());
    shown.put("assigned", holders);
    List<Object> seen = new ArrayList<>();
    for (AdAccount row : new SystemUser(made.getFieldId(), admin).getAssignedAdAccounts().requestField("name").execute()) seen.add(row.getFieldName());
    shown.put("accounts", seen);
    account.deleteAssignedUsers().setUser(made.getFieldId()).execute();
    shown.put("left", account.getAssignedUsers().setBusiness(business.getId()).execute().size());

    List<Object> pages = new ArrayList<>();
    APINodeList<SystemUser> page = business.getSystemUsers().requestField("name").setParam("limit", 1).execute();
    for (; page != null && !page.isEmpty(); page = page.nextPage()) {
      List<Object> names = new ArrayList<>();
      for (int place = 0; place < page.size(); place++) names.add(page.get(place).getFieldName());
      pages.add(names);
    }
    shown.put("pages", pages);
    shown.put("full", refused(() -> business.createSystemUser().setName("too many").setRole("EMPLOYEE").execute()));
    shown.put("gone", refused(() -> new SystemUser("999", admin).get().execute()));
    System.out.print(new Gson().toJson(shown));
  }
}
