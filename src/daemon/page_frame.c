/* What is around the content of each page, and the pages without any. */
#include <microhttpd.h>

#include "daemon/page.h"
#include "daemon/page_private.h"

static void head_put(struct html *html, const char *title)
{
    html_fill(html,
              "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n"
              "<title>@ \xc2\xb7 sesbounced</title>\n"
              "<link rel=\"icon\" href=\"/page.svg\" type=\"image/svg+xml\">\n"
              "<link rel=\"stylesheet\" href=\"/page.css\">\n"
              "<script src=\"/page.js\" defer></script>\n</head>\n<body>\n",
              str_of(title));
}

static void top_begin(struct html *html)
{
    html_put(html, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
                   "<header><a class=\"mark\" href=\"/\"><img src=\"/page.svg\" alt=\"\" "
                   "width=\"28\" height=\"28\">sesbounced</a>\n");
}

static void top_end(struct html *html)
{
    html_put(html, "</header>\n<p id=\"said\" role=\"status\"></p>\n"
                   "<main id=\"main\" tabindex=\"-1\">\n");
}

/* What the script opens. */
static void dialogs_put(struct html *html)
{
    html_put(
        html,
        "<form id=\"why\" method=\"post\" action=\"/why\"></form>\n"
        "<dialog id=\"token-dialog\" aria-labelledby=\"token-title\">"
        "<form method=\"dialog\">\n<h2 id=\"token-title\">Your token</h2>\n"
        "<p>A change needs a token with the right <code>write</code>. It is kept in "
        "this tab until you close it, and its name is recorded with the change."
        "</p>\n<p id=\"token-fault\" class=\"fault\" role=\"alert\"></p>\n"
        "<label>Token <input name=\"token\" type=\"password\" autocomplete=\"off\" "
        "spellcheck=\"false\" required></label>\n<p class=\"buttons\">"
        "<button type=\"button\" data-cancel>Cancel</button> "
        "<button class=\"main\" value=\"ok\">Continue</button></p></form></dialog>\n"
        "<dialog id=\"sure-dialog\" aria-labelledby=\"sure-title\">"
        "<form method=\"dialog\">\n<h2 id=\"sure-title\">This person complained</h2>\n"
        "<p>Somebody at <b id=\"sure-address\"></b> marked your mail as spam. Mailing "
        "them again harms your reputation with AWS, unless they asked you to.</p>\n"
        "<label class=\"tick\"><input type=\"checkbox\" required> They asked for the "
        "mail, and I want to send it</label>\n<p class=\"buttons\">"
        "<button type=\"button\" data-cancel>Leave it on the list</button> "
        "<button class=\"grave\" value=\"ok\">Take it off</button></p></form>"
        "</dialog>\n");
}

static void foot_put(struct html *html)
{
    html_fill(html,
              "</main>\n<footer><p>sesbounced @ \xc2\xb7 all times are UTC \xc2\xb7 "
              "<a href=\"/v1/openapi.json\">API</a> \xc2\xb7 "
              "<a href=\"/metrics\">metrics</a></p></footer>\n</body>\n</html>\n",
              STR(SESBOUNCE_VERSION));
}

void page_begin(struct html *html, const char *title, struct str typed)
{
    head_put(html, title);
    top_begin(html);
    html_fill(html,
              "<form class=\"search\" method=\"post\" action=\"/why\" role=\"search\">"
              "<label for=\"address\">Why is an address on the list?</label>"
              "<input id=\"address\" name=\"address\" type=\"text\" inputmode=\"email\" "
              "autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" "
              "placeholder=\"@\" required value=\"@\">"
              "<button class=\"main\">Look up</button></form>\n",
              STR("name@example.com"), str_present(typed) ? typed : STR(""));
    top_end(html);
}

void page_end(struct html *html)
{
    dialogs_put(html);
    foot_put(html);
}

bool page_can_act(const struct page *page)
{
    return page->request->settings->admin.tokens_file != NULL;
}

void page_put_how_to_act(struct html *html)
{
    html_put(html, "<p class=\"quiet\">To change the list from here, set <code>[admin] "
                   "tokens_file</code>; <code>man sesbounced</code> says how, under THE "
                   "PAGE.</p>\n");
}

/* --- no page ----------------------------------------------------------------------- */

static void sign_in_put(struct html *html)
{
    html_put(html,
             "<section class=\"card sign-in\"><h1>Who are you?</h1>\n<p>From here, "
             "sesbounced answers only with a token, one of <code>[admin] "
             "tokens_file</code>. It is kept in this tab until you close it.</p>\n"
             "<p id=\"sign-in-fault\" class=\"fault\" role=\"alert\"></p>\n"
             "<form id=\"sign-in\" hidden><label for=\"sign-in-token\">Token</label>"
             "<input id=\"sign-in-token\" type=\"password\" autocomplete=\"off\" "
             "spellcheck=\"false\" required> <button class=\"main\">Continue</button>"
             "</form>\n<noscript><p>A browser can send it only with JavaScript. Without, "
             "open a tunnel to the machine, and then this page through it:</p>\n<pre>"
             "ssh -L 9026:127.0.0.1:9026 HOST</pre></noscript></section>\n");
}

int page_refuse(const struct problem *problem, struct buf *ret)
{
    struct html html = {.to = ret};
    bool is_sign_in = problem->status == MHD_HTTP_UNAUTHORIZED;

    head_put(&html, is_sign_in ? "Sign in" : "No answer");
    top_begin(&html);
    top_end(&html);
    if (is_sign_in)
        sign_in_put(&html);
    else
        html_fill(&html,
                  "<section class=\"card unwell\"><h1>No answer now</h1>\n<p>@</p>\n"
                  "<p><a href=\"/\">Try again</a></p></section>\n",
                  str_of(problem->detail));
    foot_put(&html);
    return html.fault;
}
