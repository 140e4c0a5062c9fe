/* Shows the description of the REST interface; what is tried is sent with the key that is typed in. */
(function () {
  "use strict";
  var place = document.getElementById("swagger-ui");
  window.SwaggerUIBundle({
    url: place.dataset.description,
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    validatorUrl: null,
    withCredentials: false
  });
})();
